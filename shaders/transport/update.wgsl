// What a half step makes of a marginal, for every cost and every kind of marginal.
//
// `marginal` is the row sum of the plan P at the old potential. Sinkhorn's step
//     balanced = old + epsilon ln(weight / marginal)
// makes it equal to the weight (Sinkhorn 1967; in this shifted form every exponent is at most about 0, so that no
// maximum is needed). Of other sides the potential f = weighted - epsilon ln(weight) is damped (Chizat et al. 2018):
//     HARD     f                          P1 = a
//     SOFT     f rho / (rho + epsilon)    penalty rho KL(P1 | a)
//     BOUNDED  min(f, 0)                  P1 <= a; done by multiplier.wgsl, together with lambda
//
// Soft sides are kept up to one scalar, by which f grows and g falls without a change of the plan, and which
// convergence.wgsl sets to its best value (Sejourne, Vialard, Peyre 2022): with r1, r2 the reaches and l = `translation`,
//     f / r1 = kept / r1 + k1, k1 = r2 / (r1 + r2) l;   g / r2 = kept / r2 - k2, k2 = r1 / (r1 + r2) l.
// Beside a hard side its own k is l, and 0 that of the hard one, which moves by as much.
//
// With omega other than 1 only so much of the step is made, or more; a potential that falls may overshoot at will, one
// that rises by ln(1 + d) / d: so far no step lowers the dual value for omega < 2.
//!include transport/problem.wgsl

override DAMPING: u32 = 0u;
// Whether the own side is the source.
override SOURCE: bool = true;
// One potential for both sides of a symmetric problem: `own` is written from `other`, which has its old values.
override SYMMETRIC: bool = false;

const HARD: u32 = 0u;
const SOFT: u32 = 1u;
const BOUNDED: u32 = 2u;

// The regularisation of a running problem. Its logarithms of weights are of masses over 2^mass_exponent on the source's
// side, and of the masses themselves on the target's: with it potentials are those of the masses themselves, and plans
// over 2^mass_exponent.
struct Step { epsilon: f32, rate: f32, next_shift: f32, omega: f32, shift: f32, log_mass: f32, drift: f32 }

fn step_of(slot: u32) -> Step {
  let unit = slots[slot].unit;
  return Step(sweep.epsilon * unit, sweep.rate * slots[slot].rate, sweep.next_shift * unit, slots[slot].omega,
              slots[slot].shift, select(slots[slot].mass_exponent * 0.6931471805599453, 0.0, SOURCE),
              drift_of(slots[slot].translation));
}

// k1 of the source, -k2 of the target; 0 of a side that is not soft.
fn drift_of(translation: f32) -> f32 {
  if (DAMPING != SOFT) { return 0.0; }
  var k = translation;
  if (sweep.other_reach > 0.0) { k *= divide(sweep.other_reach, sweep.reach + sweep.other_reach); }
  return select(-k, k, SOURCE);
}

// epsilon ln(weight), what a weighted potential has more than f.
fn log_part(step: Step, weight: f32) -> f32 { return step.epsilon * (log_f32(weight) + step.log_mass); }

fn updated(step: Step, old: f32, balanced: f32, weight: f32) -> f32 {
  var fresh = balanced;
  if (DAMPING == SOFT) {
    let part = log_part(step, weight);
    let f = balanced - part - step.epsilon * step.drift;
    fresh = part + f * divide(sweep.reach, sweep.reach + step.epsilon);
  }
  if (step.omega != 1.0 && DAMPING != BOUNDED) {
    let change = fresh - old;
    var relaxed = step.omega * change;
    if (step.omega > 1.0 && change > 0.0) {
      relaxed = min(relaxed, change + step.epsilon * log1p_f32(divide(change, step.epsilon)));
    }
    fresh = old + relaxed;
  }
  if (step.next_shift != 0.0) { fresh += step.next_shift * (log_f32(weight) + step.log_mass); }
  return fresh;
}

// The marginal that the optimum has at this potential.
fn wanted(step: Step, old: f32, marginal: f32, weight: f32) -> f32 {
  if (DAMPING == HARD) { return weight; }
  let part = log_part(step, weight);
  let f = old - part;
  if (DAMPING == SOFT) { return weight * exp_f32(-divide(f, sweep.reach) - step.drift); }
  // At the bound but for rounding.
  return select(min(marginal, weight), weight, f < -0x1p-21f * (abs(old) + abs(part)));
}

// What the entry adds to the dual value, but for the translation of a hard side.
fn dual_term(step: Step, old: f32, weight: f32) -> f32 {
  let f = old - log_part(step, weight);
  if (DAMPING == SOFT) { return -weight * sweep.reach * expm1_f32(-divide(f, sweep.reach) - step.drift); }
  return weight * f;
}

// What a sweep over the entry leaves for the test: its error before the step, and what it wants after it.
fn tested(step: Step, old: f32, marginal: f32, weight: f32, fresh: f32) -> vec4f {
  let after = select(0.0, wanted(step, fresh, marginal, weight), DAMPING == SOFT);
  return vec4f(abs(marginal - wanted(step, old, marginal, weight)), 0.0, after, 0.0);
}

// What a measured plan has in the entry: its error, its cost or what it is above the weight, and its part of the entropic
// and of the dual value.
fn measured(step: Step, old: f32, marginal: f32, weight: f32, transport: f32) -> vec4f {
  let second = select(marginal - weight, transport, SOURCE);
  let error = abs(marginal - wanted(step, old, marginal, weight));
  return vec4f(error, second, marginal * old, dual_term(step, old, weight));
}
