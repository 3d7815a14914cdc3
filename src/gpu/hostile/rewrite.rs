//! Replaces the floating-point operations of a kernel in naga's representation.
//!
//! A function's expressions are copied in order into a new arena; an operation on f32 is copied as the expressions that
//! do it badly, all within the range in which the old one was evaluated. No function calls, so that no statement needs
//! to be split.

use super::hostility::Hostility;
use super::walk::{mark, operands, rename};
use crate::error::{Error, Result};
use naga::valid::{Capabilities, FunctionInfo, ValidationFlags, Validator};
use naga::{
    Arena, BinaryOperator, Expression, Function, Handle, Literal, MathFunction, Module, Range,
    Span, TypeInner, UnaryOperator, VectorSize,
};

/// The module of `text` with every operation on f32 replaced.
pub(crate) fn rewrite(kernel: &str, text: &str, hostility: Hostility) -> Result<Module> {
    let failed = |message: String| Error::Shader { kernel: kernel.into(), message };
    let mut module =
        naga::front::wgsl::parse_str(text).map_err(|error| failed(error.emit_to_string(text)))?;
    let info = Validator::new(ValidationFlags::all(), Capabilities::empty())
        .validate(&module)
        .map_err(|error| failed(error.emit_to_string(text)))?;
    let handles: Vec<_> = module.functions.iter().map(|(handle, _)| handle).collect();
    for handle in handles {
        let function = Rewriter::new(&module, &info[handle], hostility)
            .function(&module.functions[handle])
            .map_err(failed)?;
        module.functions[handle] = function;
    }
    for index in 0..module.entry_points.len() {
        let function = Rewriter::new(&module, info.get_entry_point(index), hostility)
            .function(&module.entry_points[index].function)
            .map_err(failed)?;
        module.entry_points[index].function = function;
    }
    Ok(module)
}

/// Of an f32 expression: a scalar, or a vector of so many.
pub(super) type Shape = Option<VectorSize>;

/// The literals that the replacements need: appended first, since they are not evaluated in any range.
pub(super) struct Literals {
    pub(super) zero: Handle<Expression>,
    pub(super) one: Handle<Expression>,
    smallest_normal: Handle<Expression>,
    pub(super) divisor_end: Handle<Expression>,
    pub(super) largest: Handle<Expression>,
    pub(super) nan: Handle<Expression>,
    pub(super) multiplier: Handle<Expression>,
    pub(super) shift: Handle<Expression>,
    /// The numbers from 0 to 5.
    pub(super) counts: [Handle<Expression>; 6],
}

pub(super) struct Rewriter<'a> {
    module: &'a Module,
    info: &'a FunctionInfo,
    pub(super) hostility: Hostility,
    arena: Arena<Expression>,
    pub(super) literals: Literals,
    /// Where the old expressions are now.
    moved: Vec<Handle<Expression>>,
    /// Of the old expressions: whether no subnormal can come out, so that an operand needs no flushing.
    clean: Vec<bool>,
}

impl<'a> Rewriter<'a> {
    fn new(module: &'a Module, info: &'a FunctionInfo, hostility: Hostility) -> Self {
        let mut arena = Arena::new();
        let mut literal = |literal| arena.append(Expression::Literal(literal), Span::default());
        let literals = Literals {
            zero: literal(Literal::F32(0.0)),
            one: literal(Literal::F32(1.0)),
            smallest_normal: literal(Literal::F32(f32::MIN_POSITIVE)),
            divisor_end: literal(Literal::F32(126f32.exp2())),
            largest: literal(Literal::F32(f32::MAX)),
            nan: literal(Literal::U32(f32::NAN.to_bits())),
            multiplier: literal(Literal::U32(0x9e37_79b1)),
            shift: literal(Literal::U32(28)),
            counts: [0, 1, 2, 3, 4, 5].map(|count| literal(Literal::U32(count))),
        };
        let (moved, clean) = (Vec::new(), Vec::new());
        Rewriter { module, info, hostility, arena, literals, moved, clean }
    }

    fn function(mut self, old: &Function) -> Result<Function, String> {
        let mut evaluated = vec![false; old.expressions.len()];
        mark(&old.body, &mut evaluated);
        let mut firsts = Vec::with_capacity(old.expressions.len());
        for (handle, expression) in old.expressions.iter() {
            firsts.push(self.arena.len());
            let new = if evaluated[handle.index()] {
                self.replacement(old, handle, expression)
            } else {
                self.copy(expression)
            };
            let clean = self.is_clean(expression);
            self.moved.push(new);
            self.clean.push(clean);
        }
        let handles: Vec<_> = self.arena.iter().map(|(handle, _)| handle).collect();
        let range = |old: &Range<Expression>| {
            let Some((first, last)) = old.first_and_last() else { return Some(old.clone()) };
            let first = *handles.get(*firsts.get(first.index())?)?;
            Some(Range::new_from_bounds(first, self.at(last)))
        };
        let mut function = old.clone();
        rename(&mut function.body, &|handle| *handle = self.at(*handle), &range)?;
        for (_, variable) in function.local_variables.iter_mut() {
            variable.init = variable.init.map(|initial| self.at(initial));
        }
        let names = &old.named_expressions;
        function.named_expressions =
            names.iter().map(|(handle, name)| (self.at(*handle), name.clone())).collect();
        function.expressions = self.arena;
        Ok(function)
    }

    fn copy(&mut self, expression: &Expression) -> Handle<Expression> {
        let mut copy = expression.clone();
        operands(&mut copy, |operand| *operand = self.at(*operand));
        self.append(copy)
    }

    /// What an expression that is evaluated becomes.
    fn replacement(
        &mut self,
        old: &Function,
        handle: Handle<Expression>,
        expression: &Expression,
    ) -> Handle<Expression> {
        let shape = self.shape(handle);
        if self.hostility == Hostility::Reciprocal {
            return match (shape, expression) {
                (Some(shape), Expression::Binary { op: BinaryOperator::Divide, left, right }) => {
                    self.reciprocal((*left, *right), shape)
                }
                _ => self.copy(expression),
            };
        }
        match (shape, expression) {
            (Some(shape), Expression::Binary { op, left, right }) => {
                self.binary(old, *op, (*left, *right), shape)
            }
            (Some(shape), Expression::Math { fun, arg, arg1, arg2, arg3: None }) => {
                let arguments: Vec<_> = [Some(*arg), *arg1, *arg2].into_iter().flatten().collect();
                self.math(*fun, &arguments, shape)
            }
            (Some(_), Expression::Unary { op: UnaryOperator::Negate, expr }) => {
                let expr = self.operand(*expr);
                self.append(Expression::Unary { op: UnaryOperator::Negate, expr })
            }
            // A comparison of f32.
            (None, Expression::Binary { op, left, right }) if self.shape(*left).is_some() => {
                let (left, right) = (self.operand(*left), self.operand(*right));
                self.append(Expression::Binary { op: *op, left, right })
            }
            _ => self.copy(expression),
        }
    }

    /// Whether no subnormal f32 can come out of what an old expression has become.
    fn is_clean(&self, expression: &Expression) -> bool {
        let clean = |operand: &Handle<Expression>| self.clean[operand.index()];
        match expression {
            Expression::Literal(Literal::F32(value)) => !value.is_subnormal(),
            Expression::Binary { .. } | Expression::Math { .. } | Expression::Unary { .. } => true,
            Expression::As { convert, .. } => convert.is_some(),
            Expression::Select { accept, reject, .. } => clean(accept) && clean(reject),
            Expression::Splat { value: operand, .. }
            | Expression::Swizzle { vector: operand, .. }
            | Expression::AccessIndex { base: operand, .. } => clean(operand),
            Expression::Compose { components, .. } => components.iter().all(clean),
            _ => false,
        }
    }

    pub(super) fn append(&mut self, expression: Expression) -> Handle<Expression> {
        self.arena.append(expression, Span::default())
    }

    pub(super) fn at(&self, old: Handle<Expression>) -> Handle<Expression> {
        // Expressions stand before those that use them.
        self.moved.get(old.index()).copied().unwrap_or(self.literals.zero)
    }

    /// The shape of an old expression if it is f32.
    fn shape(&self, old: Handle<Expression>) -> Option<Shape> {
        match *self.info[old].ty.inner_with(&self.module.types) {
            TypeInner::Scalar(naga::Scalar::F32) => Some(None),
            TypeInner::Vector { size, scalar: naga::Scalar::F32 } => Some(Some(size)),
            _ => None,
        }
    }

    pub(super) fn splat(&mut self, value: Handle<Expression>, shape: Shape) -> Handle<Expression> {
        match shape {
            None => value,
            Some(size) => self.append(Expression::Splat { size, value }),
        }
    }

    /// A scalar operand of a vector's operation as a vector.
    pub(super) fn widened(
        &mut self,
        old: Handle<Expression>,
        new: Handle<Expression>,
        shape: Shape,
    ) -> Handle<Expression> {
        if self.shape(old) == Some(None) { self.splat(new, shape) } else { new }
    }

    /// An old expression as an operand: flushed where it may be subnormal.
    pub(super) fn operand(&mut self, old: Handle<Expression>) -> Handle<Expression> {
        let new = self.at(old);
        match self.shape(old) {
            Some(shape) if !self.clean[old.index()] => self.flushed(new, shape),
            _ => new,
        }
    }

    pub(super) fn math_of(
        &mut self,
        fun: MathFunction,
        arg: Handle<Expression>,
    ) -> Handle<Expression> {
        self.append(Expression::Math { fun, arg, arg1: None, arg2: None, arg3: None })
    }

    pub(super) fn is_small(
        &mut self,
        value: Handle<Expression>,
        shape: Shape,
    ) -> Handle<Expression> {
        let magnitude = self.math_of(MathFunction::Abs, value);
        let end = self.splat(self.literals.smallest_normal, shape);
        let op = BinaryOperator::Less;
        self.append(Expression::Binary { op, left: magnitude, right: end })
    }

    pub(super) fn flushed(
        &mut self,
        value: Handle<Expression>,
        shape: Shape,
    ) -> Handle<Expression> {
        let condition = self.is_small(value, shape);
        let zero = self.splat(self.literals.zero, shape);
        self.append(Expression::Select { condition, accept: zero, reject: value })
    }
}
