// Ground cost |x - y|^p, from the squared distance; p / 2 is the sweep's `exponent`.
// Error: 2^-24 (1 + p |ln |x - y||) relative.
//!include transport/problem.wgsl
fn ground(squared: vec4f) -> vec4f {
  var cost = vec4f(0.0);
  for (var k = 0u; k < 4u; k++) {
    if (squared[k] > 0.0) { cost[k] = exp_f32(sweep.exponent * log_f32(squared[k])); }
  }
  return cost;
}
