// d/dv of the sum and the square root in Debye's expansions: what derivatives in v have besides -+asinh(v/x).
//
// Method. With s = 1/w, t = v/w: d/dv of s^k P_k(t^2) is s^(k+1) t B_k, B_k = 2 (1 - z) P_k' - k P_k.
//!include bessel/debye.wgsl
//!include bessel/debye_order.wgsl

// t s (-1/2 + sum (sign s)^k B_k(z)).
fn debye_order_sum(d: Debye, sign: f32) -> vec2f {
  let s = d.s * sign;
  let tail = debye_order_tail(s.x, 2.0 * d.z.x - 1.0, d.w.x);
  let p4 = df_add_f32(debye_order_4(d.z), tail);
  let p3 = df_mul_add(p4, s, debye_order_3(d.z));
  let p2 = df_mul_add(p3, s, debye_order_2(d.z));
  let p1 = df_mul_add(p2, s, debye_order_1(d.z));
  let sum = df_mul_add(p1, s, vec2f(-0.5, 0.0));
  return df_mul(df_mul(df_mul(d.v, d.s), d.s), sum);
}
