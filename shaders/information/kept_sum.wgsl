// Sums of non-negative terms that keep their largest term apart: (largest, rest), both double-float.
//
// -ln(x / total) of the term that makes up more than half of a sum is log1p(rest / x), and of every other the logarithm
// of at least 2: each with its own relative accuracy, where 1 - total would cancel.
//!include shared/elementary.wgsl
//!include shared/sum_double.wgsl

override DOUBLE: bool = false;

fn is_larger(a: vec2f, b: vec2f) -> bool {
  return a.x > b.x || (a.x == b.x && a.y > b.y);
}

fn with_term(sum: vec4f, x: vec2f) -> vec4f {
  let larger = is_larger(x, sum.xy);
  return vec4f(select(sum.xy, x, larger), df_add(sum.zw, select(x, sum.xy, larger)));
}

fn joined(a: vec4f, b: vec4f) -> vec4f {
  let larger = is_larger(b.xy, a.xy);
  let rest = df_add(df_add(a.zw, b.zw), select(b.xy, a.xy, larger));
  return vec4f(select(a.xy, b.xy, larger), rest);
}

fn total(sum: vec4f) -> vec2f {
  return df_add(sum.xy, sum.zw);
}

// -ln(x / total) of a term x > 0.
fn log_share(x: vec2f, sum: vec4f) -> vec2f {
  let apart = !is_larger(sum.xy, x) && is_larger(sum.xy, sum.zw);
  let over = select(total(sum), sum.zw, apart);
  if (DOUBLE) {
    let ratio = df_div(over, x);
    if (apart) { return df_log1p(ratio); }
    return df_log(ratio);
  }
  let ratio = divide(over.x, x.x);
  if (apart) { return vec2f(log1p_f32(ratio), 0.0); }
  return vec2f(log_f32(ratio), 0.0);
}

// x y, of which single precision needs the high words.
fn times(x: vec2f, y: vec2f) -> vec2f {
  if (DOUBLE) { return df_mul(x, y); }
  return vec2f(x.x * y.x, 0.0);
}

// The sums of `lanes` consecutive threads as one; valid on the first of them. In uniform control flow.
fn joined_lanes(local: u32, lanes: u32, value: vec4f) -> vec4f {
  workgroupBarrier();
  sum_scratch[local] = value;
  workgroupBarrier();
  var all = value;
  if (SERIAL_SUM) {
    if (local % lanes == 0u) {
      for (var k = 1u; k < lanes; k++) { all = joined(all, sum_scratch[local + k]); }
    }
  } else {
    for (var half = lanes / 2u; half > 0u; half /= 2u) {
      if (local % lanes < half) {
        all = joined(sum_scratch[local], sum_scratch[local + half]);
        sum_scratch[local] = all;
      }
      workgroupBarrier();
    }
  }
  return all;
}
