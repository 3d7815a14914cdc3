// What all sweeps of a Sinkhorn batch share: parameters, the list of running
// problems, and the conventions.
//
// A sweep updates the potential of one side ("own") from that of the other.
// Weighted potentials are kept, in units of cost:
//     own  = f + epsilon ln a,   other = g + epsilon ln b,
// so that the plan is P_ij = exp((own_i + other_j - C_ij) / epsilon), and a
// weight of zero is the finite sentinel ln 0 = -1e30.
// `marginal` is the row sum of P; the update own += epsilon ln(weight / marginal)
// makes it equal to the weight (Sinkhorn 1967; in this shifted form every
// exponent is at most about 0, so that no maximum is needed).
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
  rate: f32,             // log2(e) / epsilon
  rate_low: f32,         // its low word, for double precision
  epsilon: f32,
  epsilon_low: f32,
  next_shift: f32,       // (next epsilon - epsilon): potentials are written for the next sweep
  own_base: u32,         // where the own side's offsets start in `support`
  other_base: u32,
  own_bins: u32,         // where the own side's bins start in `support`; without
  other_bins: u32,       // supports the number of bins, less the padding
  plane: u32,            // elements between the high and the low words of the own side
  other_plane: u32,      // `plane` of the other side
  cost_plane: u32,       // of the cost; 0: there is no low word
  next_shift_low: f32,   // its low word, for double precision
  unused_1: u32,
  unused_2: u32,
  unused_3: u32,
}

// One running problem: its number, 0 while it runs, iterations done, error (bits).
struct Slot { problem: u32, status: u32, iterations: u32, error: u32 }

const LN_ZERO: f32 = -1e30;
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
