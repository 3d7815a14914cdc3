// What distances of pixels along an axis of a grid cost, four at a time.
//
// POWER 1 and 2: `axis_step` times |d| or d^2, d the difference of two places; made rather than read, since a load per
// lane costs CPU drivers more than an exponential. POWER 0: from the kernel's table `along`.
// Error: 2^-23 relative, of the table 2^-24; d below 2^24 is exact.
//!include transport/problem.wgsl

override POWER: u32 = 2u;

fn axis_costs(d: vec4f) -> vec4f {
  if (POWER == 2u) { return (d * d) * sweep.axis_step; }
  if (POWER == 1u) { return abs(d) * sweep.axis_step; }
  let at = vec4u(abs(d)) + sweep.axis_costs;
  return vec4f(along[at.x], along[at.y], along[at.z], along[at.w]);
}
