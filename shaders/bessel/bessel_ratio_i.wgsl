// I_{v+1}(x)/I_v(x), v >= 0. FORM 0: itself; 1: d/dx log I_v(x), which is v/x more.
//
// Method. Debye's ratio where v >= 24 or w >= 32. Else from there at order V = v + n >= 24 downward, for
// rho_v = I_{v+1}/(x I_v): rho_v = 1/(2 (v + 1) + x^2 rho_{v+1}) (DLMF 10.29.1 divided by I_v), a contraction that does
// not overflow however small x is. Relative error: half an ulp of f32; in double-float 2^-43, at every size: the
// smallest values, 5e-37, carry a power of two.
//!include bessel/elementwise.wgsl
//!include bessel/debye_ratio.wgsl

override FORM: u32 = 0u;

const ORDERS: u32 = NOT_NEGATIVE;
const DEBYE: u32 = 0u;
const DOWNWARD: u32 = 1u;

fn region(v: f32, x: f32) -> u32 {
  return select(DOWNWARD, DEBYE, v >= 24.0 || x >= 32.0 || v * v + x * x >= 1024.0);
}

// 0; of the derivative, infinity but for v = 0.
fn limit_at_zero(v: f32) -> u32 {
  return select(0u, INFINITY_BITS, FORM == 1u && v > 0.0);
}

// The ratio over 2^shift.
fn debye_ratio(p: Point) -> vec2f {
  let d = debye(p);
  return df_sub(df_div(p.scaled, df_add(d.w, d.v)), df_mul(p.scaled, debye_argument_sum(d, 1.0)));
}

fn downward_ratio(p: Point) -> vec2f {
  let n = min(ceil(24.0 - p.v.x), 64.0);
  let top = debye(Point(df_add_f32(p.v, n), p.x, p.scaled, p.shift));
  var rho = df_sub(df_reciprocal(df_add(top.w, top.v)), debye_argument_sum(top, 1.0));
  let square = df_mul(p.x, p.x);
  for (var j = n; j > 0.0; j -= 1.0) {
    rho = df_reciprocal(df_mul_add(square, rho, 2.0 * df_add_f32(p.v, j)));
  }
  return df_mul(p.scaled, rho);
}

fn evaluate(p: Point, which: u32) -> Scaled {
  var ratio = vec2f(0.0);
  if (which == DEBYE) {
    ratio = debye_ratio(p);
  } else {
    ratio = downward_ratio(p);
  }
  let scaled = scaled_next_to_1(Scaled(ratio, p.shift));
  if (FORM == 1u) { return scaled_add(order_over_argument(p), scaled); }
  return scaled;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  run_tile(group_index(group, groups), lane);
}
