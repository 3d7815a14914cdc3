// Weights h(r) = r^2 f''(r) of density ratios r, given as s = ln r, over their mean: in two passes over the batch.
//
// Method. ln h = a s + b ln(w e^s + 1 - w) but for a constant, a in double-float; the logarithm of the mixture is that of
// its larger term plus log1p of the ratio of both, so that no power is ever formed and nothing cancels. SUMS: of every
// block of s the largest ln h and the sum of exp(ln h - largest), in double-float, LANES threads a block, in a fixed
// order. Otherwise the weights, exp(ln h - ln of the mean).
// Output of SUMS: (largest, sum), double-float; largest = -LARGEST_F32 where every h of the block is 0. Report: the first
// s that is NaN, or infinite where h is; whether some s is beyond what f32 keeps six digits of.
// Error: 5e-7 of each weight.
//!include shared/grid.wgsl
//!include shared/elementary.wgsl
//!include shared/sum_double.wgsl

struct Params {
  zero: u32,
  first: u32,      // items of this dispatch: from first ...
  until: u32,      // ... to until
  length: u32,     // of the batch
  block: u32,      // numbers of a block
  low: u32,        // from high to low words of s
  b: f32,
  beyond: f32,     // the largest |s| that is answered
  power: vec4f,    // a, double-float, unused
  mixture: vec4f,  // ln w and ln(1 - w), double-float
  limits: vec4f,   // ln h at s = -infinity and +infinity, double-float; LARGEST_F32: infinite
  log_mean: vec4f, // double-float, unused
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logs: array<u32>;
@group(0) @binding(2) var<storage, read_write> sums: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> report: array<atomic<u32>>;

override SUMS: bool = false;
override LOW: bool = false;
override MIXED: bool = false;
override LANES: u32 = 1u;

const INFINITE: u32 = 0x7f800000u;

fn larger(a: vec2f, b: vec2f) -> vec2f {
  return select(a, b, b.x > a.x || (b.x == a.x && b.y > a.y));
}

fn log_of_mixture(s: vec2f) -> vec2f {
  let of_r = df_add(s, params.mixture.xy);
  let of_one = params.mixture.zw;
  let apart = df_sub(of_r, of_one);
  let most = larger(of_one, of_r);
  return df_add_f32(most, log1p_f32(exp_f32(-abs(apart.x))));
}

// ln h of a number of the batch; -LARGEST_F32 where h is 0, or none.
fn log_weight(at: u32) -> vec2f {
  let bits = logs[at];
  let magnitude = bits & 0x7fffffffu;
  if (magnitude >= INFINITE) {
    let limit = select(params.limits.xy, params.limits.zw, bits < 0x80000000u);
    if (magnitude > INFINITE || limit.x == LARGEST_F32) {
      atomicMin(&report[0], at);
      return vec2f(-LARGEST_F32, 0.0);
    }
    return limit;
  }
  var s = vec2f(bitcast<f32>(bits), 0.0);
  if (abs(s.x) > params.beyond) {
    atomicOr(&report[1], 1u);
    return vec2f(-LARGEST_F32, 0.0);
  }
  if (LOW) { s.y = bitcast<f32>(logs[params.low + at]); }
  if (MIXED) {
    return df_add(df_mul(params.power.xy, s), df_mul_f32(log_of_mixture(s), params.b));
  }
  return df_mul(params.power.xy, s);
}

// exp of a double-float; 0 of nothing.
fn exponential(log: vec2f, less: vec2f) -> f32 {
  if (log.x == -LARGEST_F32) { return 0.0; }
  let d = df_sub(log, less);
  let e = exp_f32(d.x);
  return e + e * d.y;
}

// The largest of `lanes` consecutive threads, for each of them. In uniform control flow.
fn largest_of_lanes(local: u32, value: vec2f) -> vec2f {
  sum_scratch[local] = vec4f(value, 0.0, 0.0);
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (local % LANES < half) {
      sum_scratch[local] = vec4f(larger(scratch_pair(local), scratch_pair(local + half)), 0.0, 0.0);
    }
    workgroupBarrier();
  }
  return scratch_pair(local - local % LANES);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  if (!SUMS) {
    let at = params.first + group_index(group, groups) * WORKGROUP + local;
    if (at < params.until) { weights[at] = exponential(log_weight(at), params.log_mean.xy); }
    return;
  }
  let item = params.first + group_index(group, groups) * (WORKGROUP / LANES) + local / LANES;
  let live = item < params.until;
  let lane = local % LANES;
  let begin = item * params.block;
  let end = select(0u, min(begin + params.block, params.length), live);
  var most = vec2f(-LARGEST_F32, 0.0);
  for (var at = begin + lane; at < end; at += LANES) { most = larger(most, log_weight(at)); }
  if (LANES > 1u) { most = largest_of_lanes(local, most); }
  var sum = vec2f(0.0);
  for (var at = begin + lane; at < end; at += LANES) {
    sum = df_add_f32(sum, exponential(log_weight(at), most));
  }
  if (LANES > 1u) { sum = sum_lanes_double(local, LANES, sum); }
  if (live && lane == 0u) { sums[item] = vec4f(most, sum); }
}
