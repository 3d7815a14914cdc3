// Rows of log-weights, as bits: how they are read, and the parameters of the kernels over them.
//
// -infinity is no weight. LOW: low words of double-floats, `low` numbers behind the high ones.
//!include shared/grid.wgsl
//!include shared/elementary.wgsl
//!include shared/sum_double.wgsl

struct Params {
  zero: u32,
  columns: u32,
  first: u32,      // items of this dispatch: from first ...
  until: u32,      // ... to until
  block: u32,      // numbers of a block of a row
  blocks: u32,     // blocks of a row
  low: u32,
  low_out: u32,    // from the high to the low words of what is written
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logs: array<u32>;

override DOUBLE: bool = false;
override LOW: bool = false;

const INFINITE: u32 = 0x7f800000u;
const NO_WEIGHT: u32 = 0xff800000u;

fn log_at(at: u32) -> vec2f {
  if (LOW) { return vec2f(bitcast<f32>(logs[at]), bitcast<f32>(logs[params.low + at])); }
  return vec2f(bitcast<f32>(logs[at]), 0.0);
}

// Whether exp(l - most) is above e^-87; the halves cannot overflow.
fn counts(bits: u32, most: f32) -> bool {
  if (bits >= NO_WEIGHT || (bits & 0x7fffffffu) >= INFINITE) { return false; }
  return 0.5 * bitcast<f32>(bits) - 0.5 * most > -43.5;
}

// exp of a double-float.
fn exponential(d: vec2f) -> vec2f {
  if (DOUBLE) { return df_exp(d); }
  let e = exp_f32(d.x);
  return vec2f(e + e * d.y, 0.0);
}
