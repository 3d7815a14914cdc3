//! Where a value comes from that another is held against: what it may be at most.

use naga::{
    AddressSpace, BinaryOperator, Block, Expression, Function, Handle, LocalVariable, MathFunction,
    Module, Statement,
};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The entry point (`None`) or another function.
pub type Which = Option<Handle<Function>>;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    Constant,
    Length(String),
    /// Of a place in the grid or a workgroup.
    Builtin,
    /// A member of the uniform, which our dispatcher writes.
    Uniform(String),
    Data(String),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Constant => write!(formatter, "a constant"),
            Origin::Length(name) => write!(formatter, "the length of {name}"),
            Origin::Builtin => write!(formatter, "a place in the grid"),
            Origin::Uniform(name) => write!(formatter, "{name}"),
            Origin::Data(name) => write!(formatter, "DATA: {name}"),
        }
    }
}

pub type Origins = BTreeSet<Origin>;

pub fn is_data(origins: &Origins) -> bool {
    origins.iter().any(|origin| matches!(origin, Origin::Data(_)))
}

/// Of one function.
#[derive(Default)]
pub struct Statements {
    /// Pointer and value.
    pub stores: Vec<(Handle<Expression>, Handle<Expression>)>,
    pub calls: Vec<(Handle<Function>, Vec<Handle<Expression>>)>,
    returns: Vec<Handle<Expression>>,
    /// Of `workgroupUniformLoad`: result to pointer.
    uniform_loads: HashMap<Handle<Expression>, Handle<Expression>>,
    pub emitted: HashSet<Handle<Expression>>,
}

impl Statements {
    pub fn gather(&mut self, block: &Block) {
        for statement in block.iter() {
            match statement {
                Statement::Emit(range) => self.emitted.extend(range.clone()),
                Statement::Block(block) => self.gather(block),
                Statement::If { accept, reject, .. } => {
                    self.gather(accept);
                    self.gather(reject);
                }
                Statement::Switch { cases, .. } => {
                    cases.iter().for_each(|case| self.gather(&case.body));
                }
                Statement::Loop { body, continuing, .. } => {
                    self.gather(body);
                    self.gather(continuing);
                }
                Statement::Return { value } => self.returns.extend(value),
                Statement::Store { pointer, value } => self.stores.push((*pointer, *value)),
                Statement::Atomic { pointer, value, .. } => self.stores.push((*pointer, *value)),
                Statement::Call { function, arguments, .. } => {
                    self.calls.push((*function, arguments.clone()));
                }
                Statement::WorkGroupUniformLoad { pointer, result } => {
                    self.uniform_loads.insert(*result, *pointer);
                }
                _ => {}
            }
        }
    }
}

/// What a pointer points into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    Local(Handle<LocalVariable>),
    Global(Handle<naga::GlobalVariable>),
    Argument(u32),
    Other,
}

pub struct Facts<'a> {
    pub module: &'a Module,
    pub functions: Vec<(Which, &'a Function, Statements)>,
}

impl<'a> Facts<'a> {
    pub fn of(module: &'a Module) -> Self {
        let entry = (None, &module.entry_points[0].function);
        let all = module.functions.iter().map(|(handle, function)| (Some(handle), function));
        let functions = all.chain([entry]).map(|(which, function)| {
            let mut statements = Statements::default();
            statements.gather(&function.body);
            (which, function, statements)
        });
        Facts { module, functions: functions.collect() }
    }

    pub fn function(&self, which: Which) -> (&'a Function, &Statements) {
        let found = self.functions.iter().find(|(other, ..)| *other == which);
        found.map(|(_, function, statements)| (*function, statements)).expect("a function")
    }

    /// What a pointer points into, and the first member on the way.
    pub fn root(&self, function: &Function, pointer: Handle<Expression>) -> (Root, Option<u32>) {
        match function.expressions[pointer] {
            Expression::LocalVariable(local) => (Root::Local(local), None),
            Expression::GlobalVariable(global) => (Root::Global(global), None),
            Expression::FunctionArgument(index) => (Root::Argument(index), None),
            Expression::AccessIndex { base, index } => {
                let (root, first) = self.root(function, base);
                (root, first.or(Some(index)))
            }
            Expression::Access { base, .. } => self.root(function, base),
            _ => (Root::Other, None),
        }
    }

    /// What a value may be at most comes from these.
    pub fn origins(&self, which: Which, value: Handle<Expression>) -> Origins {
        Tracer { facts: self, seen: HashSet::new() }.value(which, value)
    }
}

struct Tracer<'a> {
    facts: &'a Facts<'a>,
    seen: HashSet<(Which, Handle<Expression>)>,
}

/// The smaller of two values is bounded if one is; which is told best by the one that says more.
fn smaller(a: Origins, b: Origins) -> Origins {
    let rank = |origins: &Origins| {
        if is_data(origins) {
            return 2;
        }
        u8::from(origins.contains(&Origin::Builtin) || origins.len() > 1)
    };
    let only_constant = |origins: &Origins| origins.iter().all(|o| *o == Origin::Constant);
    if rank(&b) < rank(&a) || (only_constant(&b) && !only_constant(&a)) { b } else { a }
}

impl Tracer<'_> {
    fn union(&mut self, which: Which, values: &[Handle<Expression>]) -> Origins {
        values.iter().flat_map(|value| self.value(which, *value)).collect()
    }

    fn value(&mut self, which: Which, value: Handle<Expression>) -> Origins {
        if !self.seen.insert((which, value)) {
            return Origins::new();
        }
        let (function, statements) = self.facts.function(which);
        let constant = || Origins::from([Origin::Constant]);
        match function.expressions[value] {
            Expression::Literal(_)
            | Expression::Constant(_)
            | Expression::ZeroValue(_)
            | Expression::Relational { .. } => constant(),
            Expression::Compose { ref components, .. } => self.union(which, components),
            Expression::AccessIndex { base, index } => self.part(which, base, index),
            Expression::Access { base: operand, .. }
            | Expression::Splat { value: operand, .. }
            | Expression::Swizzle { vector: operand, .. }
            | Expression::Unary { expr: operand, .. }
            | Expression::As { expr: operand, .. } => self.value(which, operand),
            Expression::Load { pointer } => self.memory(which, pointer),
            Expression::WorkGroupUniformLoadResult { .. } => {
                self.memory(which, statements.uniform_loads[&value])
            }
            Expression::ArrayLength(array) => {
                let (root, _) = self.facts.root(function, array);
                Origins::from([Origin::Length(self.name(root))])
            }
            Expression::FunctionArgument(index) => self.argument(which, index, Self::value),
            Expression::CallResult(called) => {
                let returned = self.facts.function(Some(called)).1.returns.clone();
                self.union(Some(called), &returned)
            }
            Expression::Select { accept, reject, .. } => self.union(which, &[accept, reject]),
            Expression::Binary { op, left, right } => match op {
                BinaryOperator::And => smaller(self.value(which, left), self.value(which, right)),
                BinaryOperator::Modulo => {
                    smaller(self.value(which, left), self.value(which, right))
                }
                BinaryOperator::ShiftRight => self.value(which, left),
                BinaryOperator::Add
                | BinaryOperator::Subtract
                | BinaryOperator::Multiply
                | BinaryOperator::Divide
                | BinaryOperator::ExclusiveOr
                | BinaryOperator::InclusiveOr
                | BinaryOperator::ShiftLeft => self.union(which, &[left, right]),
                // Truth values.
                _ => constant(),
            },
            Expression::Math { fun, arg, arg1, arg2, .. } => match fun {
                MathFunction::Min => {
                    let other = arg1.map(|other| self.value(which, other)).unwrap_or_default();
                    smaller(self.value(which, arg), other)
                }
                MathFunction::Clamp => {
                    let most = arg2.map(|most| self.value(which, most)).unwrap_or_default();
                    smaller(self.value(which, arg), most)
                }
                MathFunction::CountOneBits
                | MathFunction::CountTrailingZeros
                | MathFunction::CountLeadingZeros
                | MathFunction::FirstTrailingBit
                | MathFunction::FirstLeadingBit => constant(),
                _ => {
                    let all: Vec<_> = [Some(arg), arg1, arg2].into_iter().flatten().collect();
                    self.union(which, &all)
                }
            },
            ref other => Origins::from([Origin::Data(format!("{other:?}"))]),
        }
    }

    /// Of a member of a struct or a component of a vector.
    fn part(&mut self, which: Which, whole: Handle<Expression>, index: u32) -> Origins {
        let facts = self.facts;
        match facts.function(which).0.expressions[whole] {
            Expression::Compose { ref components, .. } if components.len() > index as usize => {
                self.value(which, components[index as usize])
            }
            Expression::CallResult(called) => {
                let returned = facts.function(Some(called)).1.returns.iter();
                returned.flat_map(|value| self.part(Some(called), *value, index)).collect()
            }
            Expression::FunctionArgument(number) if which.is_some() => {
                let part = |tracer: &mut Self, caller, given| tracer.part(caller, given, index);
                self.argument(which, number, part)
            }
            _ => self.value(which, whole),
        }
    }

    /// Of what callers give.
    fn argument(
        &mut self,
        which: Which,
        index: u32,
        trace: impl Fn(&mut Self, Which, Handle<Expression>) -> Origins,
    ) -> Origins {
        let Some(called) = which else { return Origins::from([Origin::Builtin]) };
        let facts = self.facts;
        let mut origins = Origins::new();
        for (caller, _, statements) in &facts.functions {
            for (_, arguments) in statements.calls.iter().filter(|(f, _)| *f == called) {
                origins.extend(trace(self, *caller, arguments[index as usize]));
            }
        }
        origins
    }

    /// Of what has been stored where a pointer points to.
    fn memory(&mut self, which: Which, pointer: Handle<Expression>) -> Origins {
        let facts = self.facts;
        let (function, statements) = facts.function(which);
        let (root, member) = facts.root(function, pointer);
        let mut origins = Origins::new();
        let into = |function: &Function, stored: Handle<Expression>| {
            let (other, to) = facts.root(function, stored);
            other == root && (to.is_none() || member.is_none() || to == member)
        };
        match root {
            Root::Local(local) => {
                for (_, value) in statements.stores.iter().filter(|(p, _)| into(function, *p)) {
                    origins.extend(self.value(which, *value));
                }
                if let Some(initial) = function.local_variables[local].init {
                    origins.extend(self.value(which, initial));
                }
                let passed = statements.calls.iter().flat_map(|(_, arguments)| arguments);
                if passed.into_iter().any(|argument| facts.root(function, *argument).0 == root) {
                    origins.insert(Origin::Data("a variable that a function may change".into()));
                }
            }
            Root::Global(global) => match facts.module.global_variables[global].space {
                AddressSpace::Uniform => {
                    let name = self.name(root);
                    let ty = &facts.module.types[facts.module.global_variables[global].ty].inner;
                    let field = match (ty, member) {
                        (naga::TypeInner::Struct { members, .. }, Some(member)) => {
                            members[member as usize].name.clone()
                        }
                        _ => None,
                    };
                    origins
                        .insert(Origin::Uniform(format!("{name}.{}", field.unwrap_or_default())));
                }
                AddressSpace::Private | AddressSpace::WorkGroup => {
                    for (other, function, statements) in &facts.functions {
                        let stores = statements.stores.iter();
                        for (_, value) in stores.filter(|(p, _)| into(function, *p)) {
                            origins.extend(self.value(*other, *value));
                        }
                    }
                    origins.insert(Origin::Constant);
                }
                _ => drop(origins.insert(Origin::Data(self.name(root)))),
            },
            Root::Argument(index) => origins.extend(self.argument(which, index, Self::memory)),
            Root::Other => drop(origins.insert(Origin::Data("some pointer".into()))),
        }
        origins
    }

    fn name(&self, root: Root) -> String {
        match root {
            Root::Global(global) => self.facts.module.global_variables[global].name.clone(),
            _ => None,
        }
        .unwrap_or_else(|| "a buffer".into())
    }
}
