// Histograms of the luminance of the frames of a made-up film: one thread a frame and bin. A scene is two bells of light,
// which drift while it lasts; the next scene has others.

@group(0) @binding(0) var<storage, read_write> histograms: array<f32>;

override BINS: u32 = 1024u;
override SCENE: u32 = 97u;

// Numbers in [0, 1) that look random (Steele, Lea and Flood 2014, in 32 bits).
fn random(seed: u32) -> f32 {
  var z = seed * 0x9e3779b9u + 0x85ebca6bu;
  z = (z ^ (z >> 16u)) * 0x7feb352du;
  z = (z ^ (z >> 15u)) * 0x846ca68bu;
  return f32((z ^ (z >> 16u)) >> 8u) / 16777216.0;
}

fn bell(x: f32, middle: f32, width: f32) -> f32 {
  let z = (x - middle) / width;
  return exp(-0.5 * z * z);
}

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let at = id.y * BINS + id.x;
  if (id.x >= BINS || at >= arrayLength(&histograms)) { return; }
  let scene = id.y / SCENE;
  let drift = 0.02 * f32(id.y % SCENE) / f32(SCENE);
  let x = f32(id.x) / f32(BINS);
  let dark = bell(x, 0.05 + 0.4 * random(2u * scene) + drift, 0.03 + 0.05 * random(3u * scene));
  let bright = bell(x, 0.5 + 0.45 * random(5u * scene) - drift, 0.02 + 0.08 * random(7u * scene));
  // A little grain, so that no bin is empty: counts of pixels, of no particular sum.
  histograms[at] = 900.0 * dark + 600.0 * bright + 1.0 + random(at);
}
