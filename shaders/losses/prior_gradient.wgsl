// The gradient of a function of the mean prediction with respect to rows of logits: x e (g - c) of every column.
//
// Method. e = exp((a - M)/T) with M the row's largest logit, g the function's slope with respect to the mean, c the mean of
// g under the row's softmax in double-float, x the row's weight over T sum e. c comes from the same e (mean_slope), and
// x e (g - c) is rounded but once, so that the columns of a row sum to nothing: the slopes are numbers of one grid, on
// which the rounding of each less c is the same. Nothing of the size of a row is stored but the gradient.
// Error: 1e-6 of the row's largest.
//!include divergence/rows.wgsl

// x, c in double-float, unused; the temperature's inverse in double-float, unused.
struct Scalars { form: vec4f, rate: vec4f }

@group(0) @binding(6) var<storage, read> scalars: array<Scalars>;
@group(0) @binding(7) var<storage, read_write> gradient: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> gradient_words: array<f32>;

override ALIGNED_OUT: bool = true;

// a b and what it lacks.
fn exact_product(a: vec4f, b: vec4f) -> Sum4 {
  let p = keep4(a * b);
  let a_hi = leading_bits4(a);
  let b_hi = leading_bits4(b);
  let a_lo = keep4(a - a_hi);
  let b_lo = keep4(b - b_hi);
  let e = keep4(keep4(keep4(a_hi * b_hi - p) + a_hi * b_lo) + a_lo * b_hi);
  return Sum4(p, e + a_lo * b_lo);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let unit = (group_index(group, groups) * WORKGROUP + local) / LANES;
  let lane = local % LANES;
  if (unit >= params.items * params.segments) { return; }
  let item = items[unit / params.segments];
  let row = scalars[unit / params.segments];
  let first = (unit % params.segments) * params.quads;
  let until = min(first + params.quads, (params.columns + 3u) / 4u);
  for (var quad = first + lane; quad < until; quad += LANES) {
    let a = max(number(load_p(item.at.x, quad)), vec4f(LOG_OF_NOTHING));
    let apart = two_sum4(a, vec4f(-item.reference.x));
    let d = two_prod4(apart.sum, row.rate.xy);
    let e = exp4(d.sum, d.error + apart.error * row.rate.x);
    let slope = two_sum4(number(load_q(item.at.y, quad)), vec4f(-row.form.y));
    let factor = row.form.x * e;
    let product = exact_product(factor, slope.sum);
    let result = product.sum + (product.error + factor * (slope.error - row.form.z));
    if (ALIGNED_OUT) {
      gradient[item.at.z / 4u + quad] = result;
    } else {
      let at = item.at.z + 4u * quad;
      let left = params.columns - 4u * quad;
      gradient_words[at] = result.x;
      if (left > 1u) { gradient_words[at + 1u] = result.y; }
      if (left > 2u) { gradient_words[at + 2u] = result.z; }
      if (left > 3u) { gradient_words[at + 3u] = result.w; }
    }
  }
}
