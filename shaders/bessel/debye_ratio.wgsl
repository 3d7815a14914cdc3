// I_{v+1}(x)/I_v(x) and K_{v+1}(x)/K_v(x) where Debye's expansion holds, and what derivatives in x need.
//
// Method. From d/dx of the expansions and I' = I_{v+1} + (v/x) I_v (DLMF 10.29.2), without the cancellation of w/x - v/x:
//
//   I_{v+1}/I_v = x (1/(w+v) - s^2 S(s)),   K_{v+1}/K_v = (w+v)/x + x s^2 S(-s),   S(s) = 1/2 + sum s^k A_k(z)
//
// with A_k = k P_k + 2 z P_k'. The 13 terms leave 1e-14 of the ratio of K where v >= 16 or w >= 24, and the same of the
// ratio of I only where v >= 24 or w >= 32.
//!include bessel/debye.wgsl
//!include bessel/debye_argument.wgsl

// s^2 S(sign s).
fn debye_argument_sum(d: Debye, sign: f32) -> vec2f {
  let s = d.s * sign;
  let tail = debye_argument_tail(s.x, 2.0 * d.z.x - 1.0, d.w.x);
  let p4 = df_add_f32(debye_argument_4(d.z), tail);
  let p3 = df_mul_add(p4, s, debye_argument_3(d.z));
  let p2 = df_mul_add(p3, s, debye_argument_2(d.z));
  let p1 = df_mul_add(p2, s, debye_argument_1(d.z));
  return df_mul(df_mul_add(p1, s, vec2f(0.5, 0.0)), df_mul(d.s, d.s));
}

// a / x, x > 0.
fn over_argument(a: vec2f, p: Point) -> Scaled {
  return Scaled(df_div(a, p.scaled), -p.shift);
}
