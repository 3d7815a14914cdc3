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

// The ratio for v >= -1/2: at least 1.
fn ratio(p: Point, which: u32) -> Scaled {
  switch which {
    case DEBYE: {
      let d = debye(p);
      return debye_slope(d, df_add(d.w, p.v), p);
    }
    case TEMME: {
      let t = temme(p);
      // The quotient by itself may be as small as x.
      let quotient = df_div(t.next * power_of_two(1 - p.shift), t.here);
      return Scaled(df_div(quotient, p.scaled), 0);
    }
    default: {
      let r = integral(p, INTEGRAL_NEXT);
      return Scaled(df_div(df_add(r.rise_more, r.fall_more), df_add(r.rise, r.fall)), 0);
    }
  }
}

// a/x + x s^2 S(-s).
fn debye_slope(d: Debye, a: vec2f, p: Point) -> Scaled {
  return scaled_add(over_argument(a, p), Scaled(df_mul(p.x, debye_argument_sum(d, -1.0)), 0));
}

fn negative(a: Scaled) -> Scaled {
  return Scaled(-a.value, a.shift);
}

fn evaluate(p: Point, which: u32) -> Scaled {
  if (FORM == 1u) {
    let q = Point(abs_pair(p.v), p.x, p.scaled, p.shift);
    if (which == DEBYE) {
      let d = debye(q);
      return negative(debye_slope(d, d.w, q));
    }
    return scaled_add(Scaled(df_div(q.v, q.scaled), -q.shift), negative(ratio(q, which)));
  }
  if (p.v.x < -0.5) {
    let mirrored = Point(df_add_f32(-p.v, -1.0), p.x, p.scaled, p.shift);
    let inverse = scaled_next_to_1(ratio(mirrored, which));
    return Scaled(df_reciprocal(inverse.value), -inverse.shift);
  }
  return ratio(p, which);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  run_tile(group_index(group, groups), lane);
}
