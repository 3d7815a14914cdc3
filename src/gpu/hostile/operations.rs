//! What becomes of each operation on f32.

use super::Hostility;
use super::rewrite::{Rewriter, Shape};
use naga::{BinaryOperator, Expression, Function, Handle, MathFunction, ScalarKind};

/// Largest error of an operation in ulp, beside its own rounding.
fn ulps(function: MathFunction) -> usize {
    use MathFunction::{Exp, Exp2, InverseSqrt, Log, Log2, Pow, Sqrt};
    match function {
        InverseSqrt | Pow => 2,
        Sqrt | Exp | Exp2 | Log | Log2 => 1,
        _ => 0,
    }
}

/// The factors of an old expression that is a product of f32.
fn product_of(old: &Function, handle: Handle<Expression>) -> Option<[Handle<Expression>; 2]> {
    match old.expressions[handle] {
        Expression::Binary { op: BinaryOperator::Multiply, left, right } => Some([left, right]),
        _ => None,
    }
}

impl Rewriter<'_> {
    pub(super) fn binary(
        &mut self,
        old: &Function,
        op: BinaryOperator,
        (left, right): (Handle<Expression>, Handle<Expression>),
        shape: Shape,
    ) -> Handle<Expression> {
        use BinaryOperator::{Add, Divide, Subtract};
        if self.hostility == Hostility::Fused && matches!(op, Add | Subtract) {
            for (product, other, product_first) in [(left, right, true), (right, left, false)] {
                if let Some([a, b]) = product_of(old, product) {
                    let [a, b] = [a, b].map(|factor| self.operand(factor));
                    let c = self.operand(other);
                    let fused = self.fused(op, [a, b, c], product_first);
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
        let off = self.off(result, &[a, b], shape, 2);
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
    pub(super) fn reciprocal(
        &mut self,
        (left, right): (Handle<Expression>, Handle<Expression>),
        shape: Shape,
    ) -> Handle<Expression> {
        let [a, b] = [left, right].map(|old| self.widened(old, self.at(old), shape));
        let one = self.splat(self.literals.one, shape);
        let exact =
            self.append(Expression::Binary { op: BinaryOperator::Divide, left: one, right: b });
        let rough = self.off(exact, &[b], shape, 1);
        let factor = self.zero_for_large(b, (one, rough), shape);
        self.append(Expression::Binary { op: BinaryOperator::Multiply, left: a, right: factor })
    }

    pub(super) fn math(
        &mut self,
        fun: MathFunction,
        arguments: &[Handle<Expression>],
        shape: Shape,
    ) -> Handle<Expression> {
        let operands: Vec<_> = arguments.iter().map(|argument| self.operand(*argument)).collect();
        if let (MathFunction::Fma, [a, b, c]) = (fun, &operands[..]) {
            let result = if self.hostility == Hostility::Fused {
                self.fused(BinaryOperator::Add, [*a, *b, *c], true)
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
            ulps => self.off(result, &operands[..1], shape, ulps),
        };
        self.flushed(result, shape)
    }

    /// a b + c, a b − c or c − a b with one rounding: the product is exact in f64, and rounding the sum to f64 first
    /// does not show but next to the middle of two f32.
    fn fused(
        &mut self,
        op: BinaryOperator,
        terms: [Handle<Expression>; 3],
        product_first: bool,
    ) -> Handle<Expression> {
        let cast =
            |expr, bytes| Expression::As { expr, kind: ScalarKind::Float, convert: Some(bytes) };
        let [a, b, c] = terms.map(|term| self.append(cast(term, 8)));
        let product =
            self.append(Expression::Binary { op: BinaryOperator::Multiply, left: a, right: b });
        let (left, right) = if product_first { (product, c) } else { (c, product) };
        let sum = self.append(Expression::Binary { op, left, right });
        self.append(cast(sum, 4))
    }

    /// `value` moved by up to so many ulp, as a hash of the operands says, 0 left alone.
    fn off(
        &mut self,
        value: Handle<Expression>,
        operands: &[Handle<Expression>],
        shape: Shape,
        ulps: usize,
    ) -> Handle<Expression> {
        let bits_of = |expr| Expression::As { expr, kind: ScalarKind::Uint, convert: None };
        let binary = |op, left, right| Expression::Binary { op, left, right };
        let [multiplier, shift, choices, half] = [
            self.literals.multiplier,
            self.literals.shift,
            self.literals.counts[2 * ulps + 1],
            self.literals.counts[ulps],
        ]
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
}
