//! Over the statements of a function and the operands of an expression, as far as kernels use them.

use naga::{Block, Expression, Handle, Range, Statement};

/// Marks the expressions that a block evaluates.
pub(super) fn mark(block: &Block, evaluated: &mut [bool]) {
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

/// Calls `at` on every expression and `range` on every range of expressions that the statements of a block name.
pub(super) fn rename(
    block: &mut Block,
    at: &impl Fn(&mut Handle<Expression>),
    range: &impl Fn(&Range<Expression>) -> Option<Range<Expression>>,
) -> Result<(), String> {
    block.iter_mut().try_for_each(|statement| rename_in(statement, at, range))
}

fn rename_in(
    statement: &mut Statement,
    at: &impl Fn(&mut Handle<Expression>),
    range: &impl Fn(&Range<Expression>) -> Option<Range<Expression>>,
) -> Result<(), String> {
    match statement {
        Statement::Emit(emitted) => {
            *emitted = range(emitted).ok_or("a range of expressions that does not exist")?;
        }
        Statement::Block(block) => rename(block, at, range)?,
        Statement::If { condition, accept, reject } => {
            at(condition);
            rename(accept, at, range)?;
            rename(reject, at, range)?;
        }
        Statement::Switch { selector, cases } => {
            at(selector);
            cases.iter_mut().try_for_each(|case| rename(&mut case.body, at, range))?;
        }
        Statement::Loop { body, continuing, break_if } => {
            rename(body, at, range)?;
            rename(continuing, at, range)?;
            break_if.iter_mut().for_each(at);
        }
        Statement::Return { value } => value.iter_mut().for_each(at),
        Statement::Store { pointer, value } => [pointer, value].into_iter().for_each(at),
        Statement::Atomic { pointer, fun, value, result } => {
            [pointer, value].into_iter().for_each(at);
            result.iter_mut().for_each(at);
            if let naga::AtomicFunction::Exchange { compare: Some(compare) } = fun {
                at(compare);
            }
        }
        Statement::WorkGroupUniformLoad { pointer, result } => {
            [pointer, result].into_iter().for_each(at);
        }
        Statement::Call { arguments, result, .. } => {
            arguments.iter_mut().for_each(at);
            result.iter_mut().for_each(at);
        }
        Statement::Break
        | Statement::Continue
        | Statement::Kill
        | Statement::ControlBarrier(_)
        | Statement::MemoryBarrier(_) => {}
        other => return Err(format!("no kernel has a statement like {other:?}")),
    }
    Ok(())
}

/// Calls `change` on every operand of an expression that kernels use.
pub(super) fn operands(
    expression: &mut Expression,
    mut change: impl FnMut(&mut Handle<Expression>),
) {
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
