// Changes of units of a potential, element by element:
//   WEIGHT      x + factor ln w   (f <-> f + epsilon ln a, and from one epsilon to the next)
//   EXPONENTIAL exp(x factor)     (weighted potential -> scaling, factor = 1 / epsilon)
//   LOGARITHM   factor ln x       (scaling -> weighted potential, factor = epsilon)
//   ZERO        0                 (the low words, when double precision starts)
// An entry of weight zero becomes the sentinel -1e30, as a scaling 0.
//!include transport/problem.wgsl

struct Rescale { zero: u32, count: u32, at: u32, mode: u32, factor: f32, unused_1: u32, unused_2: u32, unused_3: u32 }
@group(0) @binding(0) var<uniform> rescale: Rescale;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read_write> potential: array<f32>;

override WORKGROUP: u32 = 64u;
const WEIGHT: u32 = 0u;
const EXPONENTIAL: u32 = 1u;
const LOGARITHM: u32 = 2u;
const ZERO: u32 = 3u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = group_index(group, groups) * WORKGROUP + local;
  if (i >= rescale.count) { return; }
  runtime_zero = rescale.zero;
  let at = rescale.at + i;
  let weight = weights[i];
  let x = potential[at];
  if (rescale.mode == ZERO) {
    potential[at] = 0.0;
  } else if (rescale.mode == EXPONENTIAL) {
    potential[at] = select(exp_f32(x * rescale.factor), 0.0, weight <= 0.0);
  } else if (weight <= 0.0) {
    potential[at] = LN_ZERO;
  } else if (rescale.mode == LOGARITHM) {
    potential[at] = rescale.factor * log_f32(x);
  } else {
    potential[at] = x + rescale.factor * log_f32(weight);
  }
}
