// The share of every component in every row: exp(l_k - ln sum_j exp l_j) for the K logarithms of a row, and the sum of
// those ln sum exp over the rows of a workgroup.
//
// Method. One thread a row; the maximum is taken out first. HARD: one for the first component that has the maximum, zero
// for the others, and the sum of the maxima. The logarithms are replaced by the shares; component after component, rows
// beside each other; high words, then, in double-float, low words. Sums over rows are double-float in either case.
// Error of a share: 2^-23 (3 + |l|), in double-float 2^-43.
//!include vmf/params.wgsl
//!include shared/elementary.wgsl
//!include shared/sum.wgsl
//!include shared/sum_double.wgsl

@group(0) @binding(1) var<storage, read_write> logs: array<f32>;
@group(0) @binding(2) var<storage, read_write> likelihoods: array<vec4f>;

override HARD: bool = false;

// Shares below e^-80 are zero.
const VANISHING: f32 = -80.0;

fn log_at(at: u32) -> vec2f {
  if (DOUBLE) { return vec2f(logs[at], logs[params.low + at]); }
  return vec2f(logs[at], 0.0);
}

fn store(at: u32, share: vec2f) {
  logs[at] = share.x;
  if (DOUBLE) { logs[params.low + at] = share.y; }
}

fn exponential(x: vec2f) -> vec2f {
  if (x.x < VANISHING) { return vec2f(0.0); }
  if (DOUBLE) { return df_exp(x); }
  return vec2f(exp_f32(x.x), 0.0);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let place = group_index(group, groups);
  let row = place * WORKGROUP + local;
  var likelihood = vec2f(0.0);
  if (row < params.span) {
    var most = log_at(row);
    var best = 0u;
    for (var k = 1u; k < params.sums; k++) {
      let l = log_at(k * params.span + row);
      if (l.x > most.x || (l.x == most.x && l.y > most.y)) {
        most = l;
        best = k;
      }
    }
    likelihood = most;
    if (HARD) {
      for (var k = 0u; k < params.sums; k++) {
        store(k * params.span + row, vec2f(select(0.0, 1.0, k == best), 0.0));
      }
    } else {
      var sum = vec2f(0.0);
      for (var k = 0u; k < params.sums; k++) {
        let at = k * params.span + row;
        let term = exponential(df_sub(log_at(at), most));
        sum = df_add(sum, term);
        store(at, term);
      }
      for (var k = 0u; k < params.sums; k++) {
        let at = k * params.span + row;
        if (DOUBLE) {
          store(at, df_div(log_at(at), sum));
        } else {
          store(at, vec2f(divide(logs[at], sum.x), 0.0));
        }
      }
      if (DOUBLE) {
        likelihood = df_add(most, df_log(sum));
      } else {
        likelihood = df_add_f32(most, log_f32(sum.x));
      }
    }
  }
  likelihood = sum_lanes_double(local, WORKGROUP, likelihood);
  if (local == 0u && place < params.blocks) {
    likelihoods[place] = vec4f(likelihood.x, 0.0, 0.0, 0.0);
    likelihoods[params.blocks + place] = vec4f(likelihood.y, 0.0, 0.0, 0.0);
  }
}
