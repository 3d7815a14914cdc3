// The gradient of losses and entropies of rows of logits: e^d (x + y d) - z, d = (a - reference)/T, of every column but
// the label's, which the host knows.
//
// Method. Whatever compares a label with the others has the gradient A q_k - z, with q the softmax of the others, and an
// entropy -p_k (d_k + mean of -d)/T; the scalars of a row come from `logit_entropy`. The difference from the reference
// is taken without error, and so is its product with 1/T, so that the gradient of a peaked row keeps its digits.
// Nothing of the size of a row is stored but the gradient.
// Error: 1e-6 of the row's largest.
//!include divergence/rows.wgsl

// x, y, z and the label's own; the temperature's inverse in double-float, unused.
struct Scalars { form: vec4f, rate: vec4f }

@group(0) @binding(6) var<storage, read> scalars: array<Scalars>;
@group(0) @binding(7) var<storage, read_write> gradient: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> gradient_words: array<f32>;

override LABELLED: bool = false;
override ALIGNED_OUT: bool = true;
// Onto what is there.
override ADDED: bool = false;

// What is there, of the columns that are left.
fn words_at(at: u32, left: u32) -> vec4f {
  var there = vec4f(gradient_words[at], vec3f(0.0));
  if (left > 1u) { there.y = gradient_words[at + 1u]; }
  if (left > 2u) { there.z = gradient_words[at + 2u]; }
  if (left > 3u) { there.w = gradient_words[at + 3u]; }
  return there;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let unit = (group_index(group, groups) * WORKGROUP + local) / LANES;
  let lane = local % LANES;
  if (unit >= params.items * params.segments) { return; }
  let number_of_item = unit / params.segments;
  let item = items[number_of_item];
  let row = scalars[number_of_item];
  let label = u32(item.reference.z) * 65536u + u32(item.reference.w);
  let first = (unit % params.segments) * params.quads;
  let until = min(first + params.quads, (params.columns + 3u) / 4u);
  for (var quad = first + lane; quad < until; quad += LANES) {
    let a = max(number(load_p(item.at.x, quad)), vec4f(LOG_OF_NOTHING));
    let apart = two_sum4(a, vec4f(-item.reference.x));
    let d = two_prod4(apart.sum, row.rate.xy);
    let e = exp4(d.sum, d.error + apart.error * row.rate.x);
    var result = e * (row.form.x + row.form.y * max(d.sum, vec4f(-200.0))) - row.form.z;
    if (LABELLED) {
      let index = vec4u(4u * quad) + vec4u(0u, 1u, 2u, 3u);
      result = select(result, vec4f(row.form.w), index == vec4u(label));
    }
    if (ALIGNED_OUT) {
      let at = item.at.z / 4u + quad;
      if (ADDED) { result = clamp(result + gradient[at], vec4f(-LARGEST_F32), vec4f(LARGEST_F32)); }
      gradient[at] = result;
    } else {
      let at = item.at.z + 4u * quad;
      let left = params.columns - 4u * quad;
      if (ADDED) { result = clamp(result + words_at(at, left), vec4f(-LARGEST_F32), vec4f(LARGEST_F32)); }
      gradient_words[at] = result.x;
      if (left > 1u) { gradient_words[at + 1u] = result.y; }
      if (left > 2u) { gradient_words[at + 2u] = result.z; }
      if (left > 3u) { gradient_words[at + 3u] = result.w; }
    }
  }
}
