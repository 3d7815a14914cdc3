// What all sweeps of a Sinkhorn batch share: parameters, the list of running
// problems, and the conventions.
//
// A sweep updates the potential of one side ("own") from that of the other.
// Weighted potentials are kept, in units of cost:
//     own  = f + epsilon ln a,   other = g + epsilon ln b,
// so that the plan is P_ij = exp((own_i + other_j - C_ij) / epsilon), and a
// weight of zero is the finite sentinel ln 0 = -1e30. What becomes of a marginal
// is said once, in update.wgsl.
//!include shared/grid.wgsl
//!include shared/twofloat.wgsl
//!include shared/elementary.wgsl

struct Sweep {
  zero: u32,             // 0: the guard of twofloat.wgsl
  own: u32,              // entries of the own side in memory, per problem
  other: u32,            // of the other side
  own_stride: u32,       // step in the cost matrix along the own side
  other_stride: u32,     // along the other side
  problem_stride: u32,   // from one problem's cost matrix to the next; 0: shared
  blocks: u32,           // workgroups per problem
  slots: u32,            // running problems
  rate: f32,             // log2(e) / epsilon; in double precision 1 / epsilon
  rate_low: f32,         // its low word, for double precision
  epsilon: f32,
  epsilon_low: f32,
  next_shift: f32,       // next epsilon - epsilon: potentials are written for the next sweep
  next_shift_low: f32,
  own_base: u32,         // where the own side's offsets start in `support`
  other_base: u32,
  own_bins: u32,         // where the own side's bins start in `support`; without
  other_bins: u32,       // supports the number of bins, less the padding
  plane: u32,            // elements between the high and the low words of the own side
  other_plane: u32,      // `plane` of the other side
  cost_plane: u32,       // of the cost; 0: there is no low word
  partials_at: u32,      // where the partial sums of the side begin, in the scaling form
  reach: f32,            // rho of a soft side, in units of the cost
  reach_low: f32,
  other_reach: f32,      // of the other side; 0 of one that is not soft
  other_reach_low: f32,
  own_points: u32,       // 1: every problem has a cloud of its own, in the order of the entries; 0: all have one
  other_points: u32,
  own_words: u32,        // elements between the high and the low words of the own coordinates; 0: there are none
  other_words: u32,
  exponent: f32,         // p / 2 of a ground cost |x - y|^p
  exponent_low: f32,
  first_group: u32,      // of a sweep that is cut into several dispatches
  axis: u32,             // of a grid: pixels along an axis, those of padding among them
  axis_stride: u32,      // elements from one of them to the next
  axis_costs: u32,       // where its costs by distance begin
  axis_step: f32,        // the cost of distance 1
  own_means: u32,        // elements between what an axis leaves and its mean costs; 0: it has none
  other_means: u32,
  unused_1: u32,
}

// One running problem: where it stands, and what convergence.wgsl remembers of its errors. Its regularisation is `unit` times
// the sweep's.
struct Slot {
  problem: u32,
  status: u32,           // RUNNING, or why it left
  iterations: u32,       // done
  error: u32,            // of the marginals at the last test, over the mass, bits
  unit: f32,
  unit_low: f32,
  rate: f32,             // 1 / unit
  rate_low: f32,
  last_unit: f32,        // what it falls to
  last_unit_low: f32,
  last_rate: f32,
  last_rate_low: f32,
  omega: f32,            // the step of an update: 1 Sinkhorn's, 1/2 averaged, above 1 overrelaxed
  best: f32,             // the least error; 0 before the first test
  best_at: u32,          // iterations done when it was seen
  phase: u32,            // PLAIN ... FINISH
  block_error: f32,      // the error at the beginning of a block of iterations over which its fall is taken
  block_at: u32,         // iterations done then; 0: no block has begun
  trigger: f32,          // an error at which an overrelaxed problem makes a few steps of 1
  finish_at: u32,        // iterations done when these began
  saved_omega: f32,      // omega before them
  held: u32,             // iterations for which a falling epsilon has been held; from bit 8 on those done when it began
  skip: u32,             // whether the next block is not judged
  frozen: u32,           // whether omega stays
  shift: f32,            // lambda of partial transport
  shift_low: f32,
  translation: f32,      // of potentials between soft marginals, see update.wgsl
  translation_low: f32,
  mass_exponent: f32,    // masses are kept over 2 to this
  per_mass: f32,         // 1 over the larger of both so kept
  hard_mass: f32,        // that of a hard side beside a soft one, so kept
  hard_mass_low: f32,
  stages_0: u32,         // tests at every epsilon since, 4 bits each, the last in the lowest: see convergence.wgsl
  stages_1: u32,
}

// Phases of a problem that is watched: PLAIN is not; PROBE looks whether it settles at once; ANNEAL lets epsilon fall; RUN
// overrelaxes; FINISH makes a few steps of 1.
const PLAIN: u32 = 0u;
const PROBE: u32 = 1u;
const ANNEAL: u32 = 2u;
const RUN: u32 = 3u;
const FINISH: u32 = 4u;

const RUNNING: u32 = 0u;
const CONVERGED: u32 = 1u;
const OUT_OF_RANGE: u32 = 2u;
const STALLED: u32 = 3u;

const LN_ZERO: f32 = -1e30;
// A pair that may not be coupled, in units of the cost; all that costs as much is treated so.
const FORBIDDEN: f32 = 1e27;
// A marginal outside this range is recomputed with its maximum taken out.
const MARGINAL_LOW: f32 = 0x1p-80f;
const MARGINAL_HIGH: f32 = 0x1p90f;

// ln(a / b) for a weight a and a sum b in (MARGINAL_LOW, MARGINAL_HIGH), or of at least one term 1; also where the
// quotient leaves the range.
fn log_ratio(a: f32, b: f32) -> f32 {
  let quotient = divide(a, b);
  if (quotient > 1e-30 && quotient < 1e30) { return log_f32(quotient); }
  return log_f32(a) - log_f32(b);
}
