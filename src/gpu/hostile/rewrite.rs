//! Replaces the floating-point operations of a kernel in naga's representation.
//!
//! A function's expressions are copied in order into a new arena; an operation on f32 is copied as the expressions that
//! do it badly, all within the range in which the old one was evaluated. No function calls, so that no statement needs
//! to be split.

use super::Hostility;
use crate::error::{Error, Result};
use naga::valid::{Capabilities, FunctionInfo, ValidationFlags, Validator};
use naga::{
    Arena, BinaryOperator, Block, Expression, Function, Handle, Literal, MathFunction, Module,
    Range, ScalarKind, Span, Statement, SwitchCase, TypeInner, UnaryOperator, VectorSize,
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
type Shape = Option<VectorSize>;

/// The literals that the replacements need: appended first, since they are not evaluated in any range.
struct Literals {
    zero: Handle<Expression>,
    one: Handle<Expression>,
    smallest_normal: Handle<Expression>,
    divisor_end: Handle<Expression>,
    largest: Handle<Expression>,
    nan: Handle<Expression>,
    multiplier: Handle<Expression>,
    shift: Handle<Expression>,
}

/// Largest error of an operation in ulp, beside its own rounding.
fn ulps(function: MathFunction) -> u32 {
    use MathFunction::{Exp, Exp2, InverseSqrt, Log, Log2, Pow, Sqrt};
    match function {
        InverseSqrt | Pow => 2,
        Sqrt | Exp | Exp2 | Log | Log2 => 1,
        _ => 0,
    }
}

struct Rewriter<'a> {
    module: &'a Module,
    info: &'a FunctionInfo,
    hostility: Hostility,
    arena: Arena<Expression>,
    literals: Literals,
    /// Where the old expressions are now.
    moved: Vec<Option<Handle<Expression>>>,
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
        };
        let (moved, clean) = (Vec::new(), Vec::new());
        Rewriter { module, info, hostility, arena, literals, moved, clean }
    }

    fn function(mut self, old: &Function) -> Result<Function, String> {
        // Literals that depend on the operation, before anything is evaluated.
        let spans = [1u32, 2].map(|ulps| {
            let mut literal = |value| {
                self.arena.append(Expression::Literal(Literal::U32(value)), Span::default())
            };
            [literal(2 * ulps + 1), literal(ulps)]
        });
        let mut evaluated = vec![false; old.expressions.len()];
        mark(&old.body, &mut evaluated);
        let mut bounds = vec![None; old.expressions.len()];
        for (handle, expression) in old.expressions.iter() {
            let first = self.arena.len();
            let mut copy = expression.clone();
            operands(&mut copy, |operand| *operand = self.at(*operand));
            let shape = if evaluated[handle.index()] { self.shape(handle) } else { None };
            let new = match (shape, expression) {
                (Some(shape), Expression::Binary { op, left, right })
                    if self.hostility == Hostility::Reciprocal =>
                {
                    match op {
                        BinaryOperator::Divide => self.reciprocal((*left, *right), shape, &spans),
                        _ => self.append(copy),
                    }
                }
                _ if self.hostility == Hostility::Reciprocal => self.append(copy),
                (Some(shape), Expression::Binary { op, left, right }) => {
                    self.binary(old, *op, (*left, *right), shape, &spans)
                }
                (Some(shape), Expression::Math { fun, arg, arg1, arg2, arg3: None }) => {
                    let arguments: Vec<_> =
                        [Some(*arg), *arg1, *arg2].into_iter().flatten().collect();
                    self.math(*fun, &arguments, shape, &spans)
                }
                (Some(shape), Expression::Unary { op: UnaryOperator::Negate, expr }) => {
                    let operand = self.operand(*expr);
                    let negated =
                        self.append(Expression::Unary { op: UnaryOperator::Negate, expr: operand });
                    let _ = shape;
                    negated
                }
                // A comparison of f32.
                (None, Expression::Binary { op, left, right })
                    if evaluated[handle.index()] && self.shape(*left).is_some() =>
                {
                    let (left, right) = (self.operand(*left), self.operand(*right));
                    self.append(Expression::Binary { op: *op, left, right })
                }
                _ => self.append(copy),
            };
            let clean = shape.is_some()
                && match expression {
                    Expression::Binary { .. }
                    | Expression::Math { .. }
                    | Expression::Unary { .. } => true,
                    Expression::As { convert, .. } => convert.is_some(),
                    Expression::Select { accept, reject, .. } => {
                        self.clean[accept.index()] && self.clean[reject.index()]
                    }
                    Expression::Splat { value, .. } => self.clean[value.index()],
                    Expression::Compose { components, .. } => {
                        components.iter().all(|component| self.clean[component.index()])
                    }
                    Expression::Swizzle { vector, .. } => self.clean[vector.index()],
                    Expression::AccessIndex { base, .. } => self.clean[base.index()],
                    _ => false,
                }
                || matches!(expression, Expression::Literal(Literal::F32(value)) if !value.is_subnormal());
            self.moved.push(Some(new));
            self.clean.push(clean);
            bounds[handle.index()] = Some((first, new));
        }
        let first_of = |handle: Handle<Expression>| bounds[handle.index()].map(|(first, _)| first);
        let handles: Vec<_> = self.arena.iter().map(|(handle, _)| handle).collect();
        let range = |old: &Range<Expression>| {
            let Some((first, last)) = old.first_and_last() else { return Some(old.clone()) };
            let first = *handles.get(first_of(first)?)?;
            Some(Range::new_from_bounds(first, self.moved[last.index()]?))
        };
        let body = self.block(&old.body, &range)?;
        let mut function = old.clone();
        for (_, variable) in function.local_variables.iter_mut() {
            if let Some(initial) = &mut variable.init {
                *initial = self.at(*initial);
            }
        }
        function.named_expressions = old
            .named_expressions
            .iter()
            .map(|(handle, name)| (self.at(*handle), name.clone()))
            .collect();
        function.body = body;
        function.expressions = self.arena;
        Ok(function)
    }

    // --- operations ---------------------------------------------------------------------------------------------

    fn binary(
        &mut self,
        old: &Function,
        op: BinaryOperator,
        (left, right): (Handle<Expression>, Handle<Expression>),
        shape: Shape,
        spans: &[[Handle<Expression>; 2]; 2],
    ) -> Handle<Expression> {
        use BinaryOperator::{Add, Divide, Subtract};
        if self.hostility == Hostility::Fused && matches!(op, Add | Subtract) {
            for (product, other, product_first) in [(left, right, true), (right, left, false)] {
                if let Some([a, b]) = self.product(old, product) {
                    let [a, b] = [a, b].map(|factor| self.operand(factor));
                    let c = self.operand(other);
                    let fused = self.fused(op, [a, b, c], product_first, shape);
                    return self.flushed(fused, shape);
                }
            }
        }
        let [a, b] = [left, right].map(|operand| self.operand(operand));
        let result = self.append(Expression::Binary { op, left: a, right: b });
        if op != Divide {
            return self.flushed(result, shape);
        }
        let [a, b] = [(left, a), (right, b)].map(|(old, new)| self.widened(old, new, shape));
        let off = self.off(result, &[a, b], shape, spans[1]);
        let result = self.zero_for_large(b, (a, off), shape);
        self.flushed(result, shape)
    }

    /// The quotient, or 0 where the divisor is large, NaN if the dividend is infinite: a times a reciprocal that is 0.
    fn zero_for_large(
        &mut self,
        divisor: Handle<Expression>,
        (dividend, quotient): (Handle<Expression>, Handle<Expression>),
        shape: Shape,
    ) -> Handle<Expression> {
        let right = self.splat(self.literals.divisor_end, shape);
        let left = self.math_of(MathFunction::Abs, divisor);
        let op = BinaryOperator::GreaterEqual;
        let condition = self.append(Expression::Binary { op, left, right });
        // Not as a product: compilers take a · 0 for 0.
        let zero = self.splat(self.literals.zero, shape);
        let largest = self.splat(self.literals.largest, shape);
        let left = self.math_of(MathFunction::Abs, dividend);
        let op = BinaryOperator::Greater;
        let infinite = self.append(Expression::Binary { op, left, right: largest });
        let bits = self.splat(self.literals.nan, shape);
        let nan =
            self.append(Expression::As { expr: bits, kind: ScalarKind::Float, convert: None });
        let accept =
            self.append(Expression::Select { condition: infinite, accept: nan, reject: zero });
        self.append(Expression::Select { condition, accept, reject: quotient })
    }

    /// a R, R the reciprocal of b and up to an ulp off; R is 0 where b is large.
    fn reciprocal(
        &mut self,
        (left, right): (Handle<Expression>, Handle<Expression>),
        shape: Shape,
        spans: &[[Handle<Expression>; 2]; 2],
    ) -> Handle<Expression> {
        let [a, b] = [left, right].map(|old| self.widened(old, self.at(old), shape));
        let one = self.splat(self.literals.one, shape);
        let exact =
            self.append(Expression::Binary { op: BinaryOperator::Divide, left: one, right: b });
        let rough = self.off(exact, &[b], shape, spans[0]);
        let factor = self.zero_for_large(b, (one, rough), shape);
        self.append(Expression::Binary { op: BinaryOperator::Multiply, left: a, right: factor })
    }

    fn math(
        &mut self,
        fun: MathFunction,
        arguments: &[Handle<Expression>],
        shape: Shape,
        spans: &[[Handle<Expression>; 2]; 2],
    ) -> Handle<Expression> {
        let operands: Vec<_> = arguments.iter().map(|argument| self.operand(*argument)).collect();
        if let (MathFunction::Fma, [a, b, c]) = (fun, &operands[..]) {
            let result = if self.hostility == Hostility::Fused {
                self.fused(BinaryOperator::Add, [*a, *b, *c], true, shape)
            } else {
                let op = BinaryOperator::Multiply;
                let product = self.append(Expression::Binary { op, left: *a, right: *b });
                let product = self.flushed(product, shape);
                self.append(Expression::Binary {
                    op: BinaryOperator::Add,
                    left: product,
                    right: *c,
                })
            };
            return self.flushed(result, shape);
        }
        let argument = |k: usize| operands.get(k).copied();
        let result = self.append(Expression::Math {
            fun,
            arg: operands[0],
            arg1: argument(1),
            arg2: argument(2),
            arg3: None,
        });
        let result = match ulps(fun) {
            0 => result,
            ulps => self.off(result, &operands[..1], shape, spans[ulps as usize - 1]),
        };
        self.flushed(result, shape)
    }

    /// The factors of an old expression that is a product of f32.
    fn product(
        &self,
        old: &Function,
        handle: Handle<Expression>,
    ) -> Option<[Handle<Expression>; 2]> {
        match old.expressions[handle] {
            Expression::Binary { op: BinaryOperator::Multiply, left, right } => Some([left, right]),
            _ => None,
        }
    }

    /// a b + c, a b − c or c − a b with one rounding: the product is exact in f64, and rounding the sum to f64 first
    /// does not show but next to the middle of two f32.
    fn fused(
        &mut self,
        op: BinaryOperator,
        terms: [Handle<Expression>; 3],
        product_first: bool,
        shape: Shape,
    ) -> Handle<Expression> {
        let _ = shape;
        let cast =
            |expr, bytes| Expression::As { expr, kind: ScalarKind::Float, convert: Some(bytes) };
        let [a, b, c] = terms.map(|term| self.append(cast(term, 8)));
        let product =
            self.append(Expression::Binary { op: BinaryOperator::Multiply, left: a, right: b });
        let (left, right) = if product_first { (product, c) } else { (c, product) };
        let sum = self.append(Expression::Binary { op, left, right });
        self.append(cast(sum, 4))
    }

    /// `value` moved by some ulp, as many as a hash of the operands says, 0 left alone.
    fn off(
        &mut self,
        value: Handle<Expression>,
        operands: &[Handle<Expression>],
        shape: Shape,
        [choices, half]: [Handle<Expression>; 2],
    ) -> Handle<Expression> {
        let bits_of = |expr| Expression::As { expr, kind: ScalarKind::Uint, convert: None };
        let binary = |op, left, right| Expression::Binary { op, left, right };
        let [multiplier, shift, choices, half] =
            [self.literals.multiplier, self.literals.shift, choices, half]
                .map(|literal| self.splat(literal, shape));
        let mut hash = multiplier;
        for operand in operands {
            let bits = self.append(bits_of(*operand));
            let mixed = self.append(binary(BinaryOperator::ExclusiveOr, hash, bits));
            hash = self.append(binary(BinaryOperator::Multiply, mixed, multiplier));
        }
        let top = self.append(binary(BinaryOperator::ShiftRight, hash, shift));
        let choice = self.append(binary(BinaryOperator::Modulo, top, choices));
        let bits = self.append(bits_of(value));
        let sum = self.append(binary(BinaryOperator::Add, bits, choice));
        let moved = self.append(binary(BinaryOperator::Subtract, sum, half));
        let moved =
            self.append(Expression::As { expr: moved, kind: ScalarKind::Float, convert: None });
        let small = self.is_small(value, shape);
        self.append(Expression::Select { condition: small, accept: value, reject: moved })
    }

    // --- pieces -------------------------------------------------------------------------------------------------

    fn append(&mut self, expression: Expression) -> Handle<Expression> {
        self.arena.append(expression, Span::default())
    }

    fn at(&self, old: Handle<Expression>) -> Handle<Expression> {
        // Expressions stand before those that use them.
        self.moved.get(old.index()).copied().flatten().unwrap_or(self.literals.zero)
    }

    /// The shape of an old expression if it is f32.
    fn shape(&self, old: Handle<Expression>) -> Option<Shape> {
        match *self.info[old].ty.inner_with(&self.module.types) {
            TypeInner::Scalar(naga::Scalar::F32) => Some(None),
            TypeInner::Vector { size, scalar: naga::Scalar::F32 } => Some(Some(size)),
            _ => None,
        }
    }

    fn splat(&mut self, value: Handle<Expression>, shape: Shape) -> Handle<Expression> {
        match shape {
            None => value,
            Some(size) => self.append(Expression::Splat { size, value }),
        }
    }

    /// A scalar operand of a vector's operation as a vector.
    fn widened(
        &mut self,
        old: Handle<Expression>,
        new: Handle<Expression>,
        shape: Shape,
    ) -> Handle<Expression> {
        if self.shape(old) == Some(None) { self.splat(new, shape) } else { new }
    }

    /// An old expression as an operand: flushed where it may be subnormal.
    fn operand(&mut self, old: Handle<Expression>) -> Handle<Expression> {
        let new = self.at(old);
        match self.shape(old) {
            Some(shape) if !self.clean[old.index()] => self.flushed(new, shape),
            _ => new,
        }
    }

    fn math_of(&mut self, fun: MathFunction, arg: Handle<Expression>) -> Handle<Expression> {
        self.append(Expression::Math { fun, arg, arg1: None, arg2: None, arg3: None })
    }

    fn is_small(&mut self, value: Handle<Expression>, shape: Shape) -> Handle<Expression> {
        let magnitude = self.math_of(MathFunction::Abs, value);
        let end = self.splat(self.literals.smallest_normal, shape);
        let op = BinaryOperator::Less;
        self.append(Expression::Binary { op, left: magnitude, right: end })
    }

    fn flushed(&mut self, value: Handle<Expression>, shape: Shape) -> Handle<Expression> {
        let condition = self.is_small(value, shape);
        let zero = self.splat(self.literals.zero, shape);
        self.append(Expression::Select { condition, accept: zero, reject: value })
    }

    // --- statements ---------------------------------------------------------------------------------------------

    fn block(
        &self,
        old: &Block,
        range: &impl Fn(&Range<Expression>) -> Option<Range<Expression>>,
    ) -> Result<Block, String> {
        let mut block = Block::with_capacity(old.len());
        for (statement, span) in old.span_iter() {
            block.push(self.statement(statement, range)?, *span);
        }
        Ok(block)
    }

    fn statement(
        &self,
        old: &Statement,
        range: &impl Fn(&Range<Expression>) -> Option<Range<Expression>>,
    ) -> Result<Statement, String> {
        let mut new = old.clone();
        match &mut new {
            Statement::Emit(emitted) => {
                *emitted = range(emitted).ok_or("a range of expressions that does not exist")?;
            }
            Statement::Block(block) => *block = self.block(block, range)?,
            Statement::If { condition, accept, reject } => {
                *condition = self.at(*condition);
                *accept = self.block(accept, range)?;
                *reject = self.block(reject, range)?;
            }
            Statement::Switch { selector, cases } => {
                *selector = self.at(*selector);
                for SwitchCase { body, .. } in cases {
                    *body = self.block(body, range)?;
                }
            }
            Statement::Loop { body, continuing, break_if } => {
                *body = self.block(body, range)?;
                *continuing = self.block(continuing, range)?;
                *break_if = break_if.map(|condition| self.at(condition));
            }
            Statement::Return { value } => *value = value.map(|value| self.at(value)),
            Statement::Store { pointer, value } => {
                (*pointer, *value) = (self.at(*pointer), self.at(*value));
            }
            Statement::Atomic { pointer, fun, value, result } => {
                (*pointer, *value) = (self.at(*pointer), self.at(*value));
                *result = result.map(|result| self.at(result));
                if let naga::AtomicFunction::Exchange { compare: Some(compare) } = fun {
                    *compare = self.at(*compare);
                }
            }
            Statement::WorkGroupUniformLoad { pointer, result } => {
                (*pointer, *result) = (self.at(*pointer), self.at(*result));
            }
            Statement::Call { arguments, result, .. } => {
                arguments.iter_mut().for_each(|argument| *argument = self.at(*argument));
                *result = result.map(|result| self.at(result));
            }
            Statement::Break
            | Statement::Continue
            | Statement::Kill
            | Statement::ControlBarrier(_)
            | Statement::MemoryBarrier(_) => {}
            other => return Err(format!("no kernel has a statement like {other:?}")),
        }
        Ok(new)
    }
}

/// Marks the expressions that a block evaluates.
fn mark(block: &Block, evaluated: &mut [bool]) {
    for statement in block.iter() {
        match statement {
            Statement::Emit(range) => {
                range.clone().for_each(|handle| evaluated[handle.index()] = true);
            }
            Statement::Block(block) => mark(block, evaluated),
            Statement::If { accept, reject, .. } => {
                mark(accept, evaluated);
                mark(reject, evaluated);
            }
            Statement::Switch { cases, .. } => {
                cases.iter().for_each(|case| mark(&case.body, evaluated));
            }
            Statement::Loop { body, continuing, .. } => {
                mark(body, evaluated);
                mark(continuing, evaluated);
            }
            _ => {}
        }
    }
}

/// Calls `change` on every operand of an expression that kernels use.
fn operands(expression: &mut Expression, mut change: impl FnMut(&mut Handle<Expression>)) {
    match expression {
        Expression::Compose { components, .. } => components.iter_mut().for_each(change),
        Expression::Access { base, index } => {
            change(base);
            change(index);
        }
        Expression::AccessIndex { base: operand, .. }
        | Expression::Splat { value: operand, .. }
        | Expression::Swizzle { vector: operand, .. }
        | Expression::Load { pointer: operand }
        | Expression::Unary { expr: operand, .. }
        | Expression::Relational { argument: operand, .. }
        | Expression::As { expr: operand, .. }
        | Expression::ArrayLength(operand) => change(operand),
        Expression::Binary { left, right, .. } => {
            change(left);
            change(right);
        }
        Expression::Select { condition, accept, reject } => {
            change(condition);
            change(accept);
            change(reject);
        }
        Expression::Math { arg, arg1, arg2, arg3, .. } => {
            change(arg);
            [arg1, arg2, arg3].into_iter().flatten().for_each(change);
        }
        _ => {}
    }
}
