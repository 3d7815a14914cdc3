// As sum.wgsl, for one double-float value per thread.
//!include shared/sum.wgsl
//!include shared/twofloat.wgsl

fn scratch_pair(k: u32) -> vec2f { return sum_scratch[k].xy; }

// The sum over the thread's group of `lanes`; valid on the first thread of it.
fn sum_lanes_double(local: u32, lanes: u32, value: vec2f) -> vec2f {
  workgroupBarrier();
  sum_scratch[local] = vec4f(value, 0.0, 0.0);
  workgroupBarrier();
  var total = value;
  if (SERIAL_SUM) {
    if (local % lanes == 0u) {
      for (var k = 1u; k < lanes; k++) { total = df_add(total, scratch_pair(local + k)); }
    }
  } else {
    for (var half = lanes / 2u; half > 0u; half /= 2u) {
      if (local % lanes < half) {
        total = df_add(scratch_pair(local), scratch_pair(local + half));
        sum_scratch[local] = vec4f(total, 0.0, 0.0);
      }
      workgroupBarrier();
    }
  }
  return total;
}
