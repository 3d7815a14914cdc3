// Where a divergence is above the threshold: how many frames, and which.

@group(0) @binding(0) var<storage, read> divergences: array<f32>;
@group(0) @binding(1) var<storage, read_write> count: atomic<u32>;
@group(0) @binding(2) var<storage, read_write> cuts: array<u32>;

override FRAMES: u32 = 1u;
override THRESHOLD: f32 = 0.05;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= FRAMES || divergences[id.x] < THRESHOLD) { return; }
  let place = atomicAdd(&count, 1u);
  if (place < arrayLength(&cuts)) { cuts[place] = id.x + 1u; }
}
