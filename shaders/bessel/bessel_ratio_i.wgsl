// I_{v+1}(x)/I_v(x), v >= 0. FORM 0: itself; 1: d/dx log I_v(x), which is v/x more.
//
// Method. Debye's ratio where v >= 24 or w >= 32. Else from there at order V = v + n >= 24 downward, for
// rho_v = I_{v+1}/(x I_v): rho_v = 1/(2 (v + 1) + x^2 rho_{v+1}) (DLMF 10.29.1 divided by I_v), a contraction that does not overflow however
// small x is. Relative error: half an ulp of f32; in double-float 2^-43.
//!include bessel/elementwise.wgsl
//!include bessel/debye_ratio.wgsl

override FORM: u32 = 0u;

const NEGATIVE_ORDERS: bool = false;
const DEBYE: u32 = 0u;
const DOWNWARD: u32 = 1u;

fn region(v: f32, x: f32) -> u32 {
  return select(DOWNWARD, DEBYE, v >= 24.0 || x >= 32.0 || v * v + x * x >= 1024.0);
}

// 0; of the derivative, infinity but for v = 0.
fn limit_at_zero(v: f32) -> u32 {
  return select(0u, INFINITY_BITS, FORM == 1u && v > 0.0);
}

fn debye_rho(p: Point) -> vec2f {
  let d = debye(p);
  return df_sub(df_reciprocal(df_add(d.w, d.v)), debye_argument_sum(d, 1.0));
}

fn evaluate(p: Point, which: u32) -> vec2f {
  var n = 0.0;
  if (which == DOWNWARD) { n = ceil(24.0 - p.v.x); }
  let top = Point(df_add_f32(p.v, n), p.x, p.scaled, p.shift);
  var rho = debye_rho(top);
  let square = df_mul(p.x, p.x);
  for (var j = n; j > 0.0; j -= 1.0) {
    rho = df_reciprocal(df_mul_add(square, rho, 2.0 * df_add_f32(p.v, j)));
  }
  let ratio = df_mul(p.x, rho);
  if (FORM == 1u) { return df_add(over_argument(p.v, p), ratio); }
  return ratio;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  run_tile(group_index(group, groups), lane);
}
