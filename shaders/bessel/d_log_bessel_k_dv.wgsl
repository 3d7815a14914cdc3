// d/dv log K_v(x), odd in v.
//
// Method. Debye's expansion differentiated, asinh(v/x) + t s (-1/2 + sum (-s)^k B_k(z)); else the quotient of the
// integrals of t sinh(v t) and cosh(v t), whatever x. Error 2^-42 max(|d|, 1).
//!include bessel/elementwise.wgsl
//!include bessel/debye_dv.wgsl
//!include bessel/gamma.wgsl
//!include bessel/integral_k.wgsl

const ORDERS: u32 = ANY_SIGN;
const DEBYE: u32 = 0u;
const INTEGRAL: u32 = 1u;

fn region(v: f32, x: f32) -> u32 {
  return select(INTEGRAL, DEBYE, debye_holds(v, x));
}

fn limit_at_zero(v: f32) -> u32 {
  return select(INFINITY_BITS | (bitcast<u32>(v) & 0x80000000u), 0u, v == 0.0);
}

fn evaluate(p: Point, which: u32) -> Scaled {
  return Scaled(unscaled(p, which), 0);
}

fn unscaled(p: Point, which: u32) -> vec2f {
  let q = Point(abs_pair(p.v), p.x, p.scaled, p.shift);
  var value = vec2f(0.0);
  if (which == INTEGRAL) {
    let r = integral(q, INTEGRAL_ORDER);
    value = df_div(r.rise_more, df_add(r.rise, r.fall));
  } else {
    let d = debye(q);
    value = df_add(debye_order_sum(d, -1.0), d.asinh);
  }
  return select(value, -value, p.v.x < 0.0);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  run_tile(group_index(group, groups), lane);
}
