// Sum of one vec4f per thread over groups of LANES consecutive threads of a
// workgroup, in a fixed order, so that results repeat to the bit.
//
// On GPUs a tree of log2(LANES) barriers. On CPU drivers, where a barrier costs
// a context switch per subgroup, one barrier and a serial sum.
// Every thread of the workgroup must call it, in uniform control flow.

override WORKGROUP: u32 = 64u;
override SERIAL_SUM: bool = false;

var<workgroup> sum_scratch: array<vec4f, WORKGROUP>;

// The sum over the thread's group of `lanes`; valid on the first thread of it.
fn sum_lanes(local: u32, lanes: u32, value: vec4f) -> vec4f {
  sum_scratch[local] = value;
  workgroupBarrier();
  var total = value;
  if (SERIAL_SUM) {
    if (local % lanes == 0u) {
      for (var k = 1u; k < lanes; k++) { total += sum_scratch[local + k]; }
    }
  } else {
    for (var half = lanes / 2u; half > 0u; half /= 2u) {
      if (local % lanes < half) {
        total = sum_scratch[local] + sum_scratch[local + half];
        sum_scratch[local] = total;
      }
      workgroupBarrier();
    }
  }
  return total;
}
