//! The shape of a loop: how it is left, and which variable each iteration moves towards that.

use crate::origin::{Facts, Origin, Origins, Statements, Which, is_data};
use crate::steps::Step;
use naga::{
    BinaryOperator as Op, Block, Expression, Function, Handle, Literal, ScalarKind, Statement,
    UnaryOperator,
};

/// Where every loop stands in the text, and what bounds it.
pub fn loops(facts: &Facts) -> Vec<(usize, Result<String, String>)> {
    let mut found = Vec::new();
    for (which, function, _) in &facts.functions {
        let place = Place { facts, which: *which, function };
        place.blocks(&function.body, &mut found);
    }
    found
}

pub struct Place<'a> {
    pub facts: &'a Facts<'a>,
    pub which: Which,
    pub function: &'a Function,
}

pub struct Body<'a> {
    pub body: &'a Block,
    pub continuing: &'a Block,
    /// All in it.
    pub inside: Statements,
}

impl Place<'_> {
    fn blocks(&self, block: &Block, found: &mut Vec<(usize, Result<String, String>)>) {
        for (statement, span) in block.span_iter() {
            match statement {
                Statement::Block(block) => self.blocks(block, found),
                Statement::If { accept, reject, .. } => {
                    self.blocks(accept, found);
                    self.blocks(reject, found);
                }
                Statement::Switch { cases, .. } => {
                    cases.iter().for_each(|case| self.blocks(&case.body, found));
                }
                Statement::Loop { body, continuing, break_if } => {
                    let start = span.to_range().map_or(0, |range| range.start);
                    let mut inside = Statements::default();
                    inside.gather(body);
                    inside.gather(continuing);
                    let judged = self.judge(&Body { body, continuing, inside }, *break_if);
                    found.push((start, judged));
                    self.blocks(body, found);
                    self.blocks(continuing, found);
                }
                _ => {}
            }
        }
    }

    fn judge(&self, body: &Body, break_if: Option<Handle<Expression>>) -> Result<String, String> {
        let mut staying = Vec::new();
        self.conditions(body.body, &mut staying);
        if let Some(leaving) = break_if {
            self.conjuncts(body.continuing, leaving, false, &mut staying);
        }
        let mut reasons = Vec::new();
        for (condition, truth) in staying {
            match self.bound(body, condition, truth) {
                Ok(bound) => return Ok(bound),
                Err(reason) => reasons.push(reason),
            }
        }
        if reasons.is_empty() {
            reasons.push("no condition that every iteration meets".into());
        }
        Err(reasons.join("; "))
    }

    /// What holds when a loop goes on: conditions that every iteration meets before it may `continue`.
    fn conditions(&self, block: &Block, staying: &mut Vec<(Handle<Expression>, bool)>) -> bool {
        for statement in block.iter() {
            match statement {
                Statement::If { condition, accept, reject } => {
                    if leaves(reject) {
                        self.conjuncts(block, *condition, true, staying);
                    } else if leaves(accept) {
                        self.conjuncts(block, *condition, false, staying);
                    }
                }
                Statement::Block(block) if !self.conditions(block, staying) => return false,
                _ => {}
            }
            if continues(statement) {
                return false;
            }
        }
        true
    }

    /// The comparisons of which all hold if a condition has this truth.
    fn conjuncts(
        &self,
        block: &Block,
        condition: Handle<Expression>,
        truth: bool,
        staying: &mut Vec<(Handle<Expression>, bool)>,
    ) {
        match self.function.expressions[condition] {
            Expression::Unary { op: UnaryOperator::LogicalNot, expr } => {
                self.conjuncts(block, expr, !truth, staying);
            }
            Expression::Binary { op: Op::LogicalAnd | Op::And, left, right } if truth => {
                self.conjuncts(block, left, truth, staying);
                self.conjuncts(block, right, truth, staying);
            }
            Expression::Binary { op: Op::LogicalOr | Op::InclusiveOr, left, right } if !truth => {
                self.conjuncts(block, left, truth, staying);
                self.conjuncts(block, right, truth, staying);
            }
            // naga writes a && b as `if a { t = b } else { t = false }`, a || b as `if !a { t = b } else { t = true }`.
            Expression::Load { pointer } => {
                let pair = block.iter().find_map(|statement| {
                    let Statement::If { condition, accept, reject } = statement else {
                        return None;
                    };
                    let (Some(Statement::Store { pointer: to, value }), [otherwise]) =
                        (accept.last(), &reject[..])
                    else {
                        return None;
                    };
                    let Statement::Store { pointer: or_to, value: literal } = otherwise else {
                        return None;
                    };
                    let literal = &self.function.expressions[*literal];
                    let root = |pointer| self.facts.root(self.function, pointer);
                    let matches = [root(*to), root(*or_to)] == [root(pointer); 2]
                        && *literal == Expression::Literal(Literal::Bool(!truth));
                    matches.then_some((*condition, *value, accept))
                });
                if let Some((first, second, inner)) = pair {
                    self.conjuncts(block, first, true, staying);
                    self.conjuncts(inner, second, truth, staying);
                }
            }
            Expression::Binary { .. } => staying.push((condition, truth)),
            _ => {}
        }
    }

    /// What bounds the iterations if this comparison has this truth in each.
    fn bound(
        &self,
        body: &Body,
        comparison: Handle<Expression>,
        truth: bool,
    ) -> Result<String, String> {
        let Expression::Binary { op, left, right } = self.function.expressions[comparison] else {
            return Err("no comparison".into());
        };
        let op = match (op, truth) {
            (op, true) => op,
            (Op::Less, false) => Op::GreaterEqual,
            (Op::LessEqual, false) => Op::Greater,
            (Op::Greater, false) => Op::LessEqual,
            (Op::GreaterEqual, false) => Op::Less,
            (Op::Equal, false) => Op::NotEqual,
            (_, false) => return Err("no order".into()),
        };
        let turned = match op {
            Op::Less => Op::Greater,
            Op::LessEqual => Op::GreaterEqual,
            Op::Greater => Op::Less,
            Op::GreaterEqual => Op::LessEqual,
            other => other,
        };
        let one = self.meets(body, left, op, right);
        let other = || self.meets(body, right, turned, left);
        one.or_else(|why| other().map_err(|also| if why.is_empty() { also } else { why }))
    }

    /// That a variable on the left meets the bound on the right.
    fn meets(
        &self,
        body: &Body,
        variable: Handle<Expression>,
        op: Op,
        bound: Handle<Expression>,
    ) -> Result<String, String> {
        let Expression::Load { pointer } = self.function.expressions[variable] else {
            return Err(String::new());
        };
        let Expression::LocalVariable(local) = self.function.expressions[pointer] else {
            return Err(String::new());
        };
        let steps = self.steps(body, local)?;
        let float = self.kind(local) == Some(ScalarKind::Float);
        let unsigned = self.kind(local) == Some(ScalarKind::Uint);
        let limits = self.facts.origins(self.which, bound);
        if !self.is_fixed(body, bound) {
            return Err("an iteration may change the bound".into());
        }
        let starts = self.starts(body, local);
        let words = |origins: &Origins| {
            let all: Vec<_> = origins.iter().map(ToString::to_string).collect();
            if all.is_empty() { "nothing: it is not called".into() } else { all.join(", ") }
        };
        let bounded = |what: &str, origins: &Origins| {
            if is_data(origins) { Err(format!("{what}: {}", words(origins))) } else { Ok(()) }
        };
        for step in &steps {
            match (step, op) {
                (Step::Up(by), Op::Less | Op::LessEqual) => {
                    bounded("a step", by)?;
                    bounded("its bound", &limits)?;
                    // Beyond 2^24 a sum of floats may be what it was; so may it be far below.
                    if float {
                        bounded("its start", &starts)?;
                    }
                }
                (Step::Down(by), Op::Greater) => {
                    bounded("a step", by)?;
                    bounded("its start", &starts)?;
                    bounded("its bound", &limits)?;
                }
                (Step::Down(by), Op::GreaterEqual) if !unsigned => {
                    bounded("a step", by)?;
                    bounded("its start", &starts)?;
                    bounded("its bound", &limits)?;
                }
                (Step::FewerBits, Op::Greater | Op::NotEqual) if unsigned => {
                    if limits != Origins::from([Origin::Constant]) {
                        return Err("bits, but not down to a constant".into());
                    }
                }
                (step, op) => return Err(format!("{step:?} does not end {op:?}")),
            }
        }
        Ok(match &steps[0] {
            Step::Up(by) => format!("up to {}{}", words(&limits), stepped(by)),
            Step::Down(by) => format!("down from {}{}", words(&starts), stepped(by)),
            Step::FewerBits => "its 32 bits".into(),
        })
    }
}

fn stepped(by: &Origins) -> String {
    if by.iter().all(|origin| *origin == Origin::Constant) {
        return String::new();
    }
    format!(" in steps of {}", by.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}

/// Whether a block ends by leaving the loop.
fn leaves(block: &Block) -> bool {
    matches!(block.last(), Some(Statement::Break | Statement::Return { .. } | Statement::Kill))
}

/// Whether the loop around a statement may go on from within it.
pub fn continues(statement: &Statement) -> bool {
    match statement {
        Statement::Continue => true,
        Statement::Block(block) => block.iter().any(continues),
        Statement::If { accept, reject, .. } => accept.iter().chain(reject.iter()).any(continues),
        Statement::Switch { cases, .. } => cases.iter().any(|case| case.body.iter().any(continues)),
        _ => false,
    }
}
