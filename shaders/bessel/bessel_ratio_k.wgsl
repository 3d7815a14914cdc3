// K_{v+1}(x)/K_v(x). FORM 0: itself; 1: d/dx log K_v(x) = v/x - K_{v+1}/K_v, even in v.
//
// Method. Orders below -1/2 by K_{-v} = K_v: the ratio at v is one over the ratio at -1 - v. Then Debye's ratio, Temme's
// series, or the integral with both orders at once. Relative error: half an ulp of f32; in double-float 2^-43.
//!include bessel/elementwise.wgsl
//!include bessel/debye_ratio.wgsl
//!include bessel/temme.wgsl
//!include bessel/integral_k.wgsl

override FORM: u32 = 0u;

const ORDERS: u32 = ANY_SIGN;
const DEBYE: u32 = 0u;
const TEMME: u32 = 1u;
const INTEGRAL: u32 = 2u;

fn region(v: f32, x: f32) -> u32 {
  let u = select(max(v, -1.0 - v), abs(v), FORM == 1u);
  if (debye_holds(u, x)) { return DEBYE; }
  return select(INTEGRAL, TEMME, x < 1.0);
}

// Infinity, and for orders below -1/2 nothing; at -1/2 the ratio is 1 everywhere. The derivative: minus infinity.
fn limit_at_zero(v: f32) -> u32 {
  if (FORM == 1u) { return INFINITY_BITS | 0x80000000u; }
  if (v == -0.5) { return 0x3f800000u; }
  return select(INFINITY_BITS, 0u, v < -0.5);
}

// The ratio for v >= -1/2.
fn ratio(p: Point, which: u32) -> vec2f {
  switch which {
    case DEBYE: {
      let d = debye(p);
      return df_add(over_argument(df_add(d.w, p.v), p), df_mul(p.x, debye_argument_sum(d, -1.0)));
    }
    case TEMME: {
      let t = temme(p);
      // The quotient by itself may be as small as x.
      return df_div(df_div((2.0 / argument_scale(p)) * t.next, t.here), p.scaled);
    }
    default: {
      let r = integral(p, INTEGRAL_NEXT);
      return df_div(df_add(r.rise_more, r.fall_more), df_add(r.rise, r.fall));
    }
  }
}

fn evaluate(p: Point, which: u32) -> vec2f {
  if (FORM == 1u) {
    let q = Point(abs_pair(p.v), p.x, p.scaled, p.shift);
    if (which == DEBYE) {
      let d = debye(q);
      return -df_add(over_argument(d.w, q), df_mul(q.x, debye_argument_sum(d, -1.0)));
    }
    return df_sub(over_argument(q.v, q), ratio(q, which));
  }
  if (p.v.x < -0.5) {
    let mirrored = Point(df_add_f32(-p.v, -1.0), p.x, p.scaled, p.shift);
    return df_div(vec2f(1.0, 0.0), ratio(mirrored, which));
  }
  return ratio(p, which);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  run_tile(group_index(group, groups), lane);
}
