//! What the iterations of a loop do to a variable and to a bound.

use crate::origin::{Origin, Origins, Root, is_data};
use crate::shape::{Body, Place, continues};
use naga::{
    BinaryOperator as Op, Block, Expression, Handle, Literal, LocalVariable, MathFunction,
    ScalarKind, Statement, TypeInner,
};

/// How an iteration changes a variable.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    Up(Origins),
    Down(Origins),
    /// At most 32 times before an integer is zero.
    FewerBits,
}

impl Place<'_> {
    pub fn kind(&self, local: Handle<LocalVariable>) -> Option<ScalarKind> {
        match self.facts.module.types[self.function.local_variables[local].ty].inner {
            TypeInner::Scalar(scalar) => Some(scalar.kind),
            _ => None,
        }
    }

    /// How the iterations change a variable: all ways, one of which every iteration goes.
    pub fn steps(&self, body: &Body, local: Handle<LocalVariable>) -> Result<Vec<Step>, String> {
        let root = |pointer| self.facts.root(self.function, pointer).0;
        let mut arguments = body.inside.calls.iter().flat_map(|(_, arguments)| arguments);
        if arguments.any(|argument| root(*argument) == Root::Local(local)) {
            return Err("a function may change the variable".into());
        }
        let mut steps = Vec::new();
        for (_, value) in body.inside.stores.iter().filter(|(p, _)| root(*p) == Root::Local(local))
        {
            let step = self.step(body, local, *value).ok_or("the variable is set, not moved")?;
            steps.push(step);
        }
        let goes_on = body.body.iter().any(continues);
        let stored = |block: &Block| self.stores_at_top(block, local);
        if !(stored(body.continuing) || (!goes_on && stored(body.body))) {
            return Err("no variable that every iteration moves".into());
        }
        Ok(steps)
    }

    fn stores_at_top(&self, block: &Block, local: Handle<LocalVariable>) -> bool {
        block.iter().any(|statement| match statement {
            Statement::Store { pointer, .. } => {
                self.facts.root(self.function, *pointer).0 == Root::Local(local)
            }
            Statement::Block(block) => self.stores_at_top(block, local),
            _ => false,
        })
    }

    fn step(
        &self,
        body: &Body,
        local: Handle<LocalVariable>,
        value: Handle<Expression>,
    ) -> Option<Step> {
        let expressions = &self.function.expressions;
        // As it is in this iteration.
        let old = |value: Handle<Expression>| match expressions[value] {
            Expression::Load { pointer } => {
                expressions[pointer] == Expression::LocalVariable(local)
                    && body.inside.emitted.contains(&value)
            }
            _ => false,
        };
        let Expression::Binary { op, left, right } = expressions[value] else { return None };
        let by = || self.distance(local, right);
        match op {
            Op::Add if old(left) => by().map(Step::Up),
            Op::Add if old(right) => self.distance(local, left).map(Step::Up),
            Op::Subtract if old(left) => by().map(Step::Down),
            Op::Divide if old(left) && self.literal(right)? >= 2.0 => Some(Step::FewerBits),
            Op::ShiftRight if old(left) && self.literal(right)? >= 1.0 => Some(Step::FewerBits),
            Op::And if old(left) => {
                let Expression::Binary { op: Op::Subtract, left: minuend, right: one } =
                    expressions[right]
                else {
                    return None;
                };
                (old(minuend) && self.literal(one)? == 1.0).then_some(Step::FewerBits)
            }
            _ => None,
        }
    }

    /// How far a step goes: a constant above zero (for floats 1 at least), or what our dispatcher wrote.
    fn distance(&self, local: Handle<LocalVariable>, by: Handle<Expression>) -> Option<Origins> {
        let least =
            if self.kind(local) == Some(ScalarKind::Float) { 1.0 } else { f64::MIN_POSITIVE };
        match self.literal(by) {
            Some(number) => (number >= least).then(|| Origins::from([Origin::Constant])),
            None => Some(self.facts.origins(self.which, by)).filter(|_| least < 1.0),
        }
    }

    fn literal(&self, value: Handle<Expression>) -> Option<f64> {
        let literal = |expression: &Expression| match *expression {
            Expression::Literal(Literal::U32(number)) => Some(number.into()),
            Expression::Literal(Literal::I32(number)) => Some(number.into()),
            Expression::Literal(Literal::F32(number)) => Some(number.into()),
            _ => None,
        };
        match self.function.expressions[value] {
            Expression::Constant(constant) => {
                let initial = self.facts.module.constants[constant].init;
                literal(&self.facts.module.global_expressions[initial])
            }
            ref other => literal(other),
        }
    }

    /// Where a variable begins.
    pub fn starts(&self, body: &Body, local: Handle<LocalVariable>) -> Origins {
        let (_, all) = self.facts.function(self.which);
        let mut outside: Vec<_> = all
            .stores
            .iter()
            .filter(|(pointer, _)| self.facts.root(self.function, *pointer).0 == Root::Local(local))
            .filter(|store| !body.inside.stores.contains(store))
            .map(|(_, value)| *value)
            .collect();
        outside.extend(self.function.local_variables[local].init);
        outside.into_iter().flat_map(|value| self.facts.origins(self.which, value)).collect()
    }

    /// Whether no iteration changes a bound.
    pub fn is_fixed(&self, body: &Body, bound: Handle<Expression>) -> bool {
        if !body.inside.emitted.contains(&bound) {
            return true;
        }
        let root = |pointer| self.facts.root(self.function, pointer).0;
        let fixed = |value: Handle<Expression>| self.is_fixed(body, value);
        match self.function.expressions[bound] {
            Expression::Load { pointer } => match root(pointer) {
                Root::Global(global) => {
                    let space = self.facts.module.global_variables[global].space;
                    space == naga::AddressSpace::Uniform
                }
                Root::Local(local) => {
                    let is = |pointer| root(pointer) == Root::Local(local);
                    let mut passed = body.inside.calls.iter().flat_map(|(_, given)| given);
                    let stored = body.inside.stores.iter().any(|(pointer, _)| is(*pointer));
                    !stored && !passed.any(|argument| is(*argument))
                }
                _ => false,
            },
            // One that is no data bounds it, whatever the other becomes.
            Expression::Math { fun: MathFunction::Min, arg, arg1: Some(other), .. } => {
                let alone =
                    |value| fixed(value) && !is_data(&self.facts.origins(self.which, value));
                alone(arg) || alone(other) || (fixed(arg) && fixed(other))
            }
            Expression::Binary { left, right, .. } => fixed(left) && fixed(right),
            Expression::Select { condition, accept, reject } => {
                [condition, accept, reject].into_iter().all(fixed)
            }
            Expression::As { expr: operand, .. }
            | Expression::Unary { expr: operand, .. }
            | Expression::AccessIndex { base: operand, .. }
            | Expression::Access { base: operand, .. } => fixed(operand),
            Expression::ArrayLength(_) => true,
            _ => false,
        }
    }
}
