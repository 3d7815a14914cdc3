// Normalised weights of rows of log-weights: exp(l - m)/z, with m and 1/z of every row given as double-floats.
//
// Method. One thread a number; l - m is exact.
// Output: high words, and in double-float low words `low_out` numbers behind them. Weights below e^-87/z are 0.
// Error: 2^-22 relative, in double-float 2^-42.
//!include information/log_rows.wgsl

@group(0) @binding(2) var<storage, read> normalizers: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> weights: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let at = params.first + group_index(group, groups) * WORKGROUP + local;
  if (at >= params.until) { return; }
  let normalizer = normalizers[at / params.columns];
  var weight = vec2f(0.0);
  if (counts(logs[at], normalizer.x)) {
    let e = exponential(df_sub(log_at(at), normalizer.xy));
    if (DOUBLE) {
      weight = df_mul(e, normalizer.zw);
    } else {
      weight.x = e.x * normalizer.z;
    }
  }
  weights[at] = weight.x;
  if (DOUBLE) { weights[params.low_out + at] = weight.y; }
}
