// Gradient of a divergence with respect to either row, in the space its numbers are in, times a factor of the row:
// weights: k (dD/dp_i - sum p dD/dp) / (sum of the weights); logits and log-probabilities: k p_i (dD/dp_i - sum p dD/dp).
//
// Method. `compare` has left the row's scalars: references, centers, flows about them, and factors that contain
// the upstream gradient, the derivative of what is made of the sum, and the temperature or the sum of the weights.
// Probabilities are computed anew: nothing of the size of a row is stored but the gradient. At an empty bin of weights,
// and at one whose partner is empty, the slope is that of a ratio of 2^-100, so that it is finite; other ratios are not
// below that.
// Error: 1e-6 of the row's largest.
//!include divergence/rows.wgsl
//!include divergence/pair.wgsl
//!include divergence/pairs.wgsl
//!splice MEMBER divergence/kl.wgsl

// flows: of p and q; factors: of p and q.
struct Scalars { flows: vec2f, factors: vec2f }

@group(0) @binding(6) var<storage, read> scalars: array<Scalars>;
@group(0) @binding(7) var<storage, read_write> gradient: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> gradient_words: array<f32>;

override SCALED: bool = true;
override GRADIENT: bool = true;
override FLOWS: bool = true;
// Which side the gradient is of.
override OF_Q: bool = false;
override ALIGNED_OUT: bool = true;

// Whether one row stands on the side of the gradient for all items: the sum over them is added to what is there.
override SHARED: bool = false;

// An empty bin's, and below that of any other of a row that is not refused.
const SMALLEST_RATIO: f32 = 0x1p-100f;
const LARGEST: f32 = 0x1.fffffep+127f;
const SLOPES: bool = false;
const FROM_LOGITS: bool = LOGITS;

// A pair of weights of which the larger counts as 1, as slopes do not depend on the size: so none of them is a quotient of
// small numbers. Where both bins are empty they are equal.
fn pair_of_slopes(p: vec4f, q: vec4f, reference: vec4f) -> Pair {
  var pair = weights_pair(on_scale(p, reference), q, reference);
  let both_empty = pair.large == vec4f(0.0);
  pair.ratio = select(pair.ratio, vec4f(1.0), both_empty);
  pair.rest = select(pair.rest, vec4f(0.0), both_empty);
  pair.large = vec4f(1.0);
  return pair;
}

fn gradient_of(item: Item, row: Scalars, quad: u32) -> vec4f {
  let a = unscreened(load_p(item.at.x, quad));
  let b = unscreened(load_q(item.at.y, quad));
  let sum = select(row.flows.x, row.flows.y, OF_Q);
  let factor = select(row.factors.x, row.factors.y, OF_Q);
  var pair: Pair;
  if (LOGITS) {
    pair = logits_pair(a, b, item.reference);
  } else {
    pair = pair_of_slopes(a, b, item.reference);
  }
  let term = part(pair, params.member);
  let own = select(pair.large * pair.ratio, pair.large, pair.p_larger != vec4<bool>(OF_Q));
  let center = select(item.centers.x, item.centers.y, OF_Q);
  let flow = centered(select(term.flow_p, term.flow_q, vec4<bool>(OF_Q)), own, center);
  // Of small weights with empty bins, and of large factors, it may be beyond f32.
  if (LOGITS) { return clamp(factor * (flow - own * sum), vec4f(-LARGEST), vec4f(LARGEST)); }
  let slope = divide4(flow, own) - sum;
  return clamp(factor * slope, vec4f(-LARGEST), vec4f(LARGEST));
}

fn add_word(at: u32, x: f32) {
  if (SHARED) { gradient_words[at] += x; } else { gradient_words[at] = x; }
}

fn store(start: u32, quad: u32, result: vec4f) {
  if (ALIGNED_OUT) {
    if (SHARED) { gradient[start / 4u + quad] += result; } else { gradient[start / 4u + quad] = result; }
    return;
  }
  let at = start + 4u * quad;
  let left = params.columns - 4u * quad;
  add_word(at, result.x);
  if (left > 1u) { add_word(at + 1u, result.y); }
  if (left > 2u) { add_word(at + 2u, result.z); }
  if (left > 3u) { add_word(at + 3u, result.w); }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let unit = (group_index(group, groups) * WORKGROUP + local) / LANES;
  let lane = local % LANES;
  let rows = select(params.items, 1u, SHARED);
  if (unit >= rows * params.segments) { return; }
  let first = (unit % params.segments) * params.quads;
  let until = min(first + params.quads, (params.columns + 3u) / 4u);
  let own = select(unit / params.segments, 0u, SHARED);
  // In registers: loads in the loop would wait for its stores.
  let item = items[own];
  let row = scalars[own];
  for (var quad = first + lane; quad < until; quad += LANES) {
    if (SHARED) {
      var result = vec4f(0.0);
      for (var i = 0u; i < params.items; i++) { result += gradient_of(items[i], scalars[i], quad); }
      store(item.at.z, quad, result);
    } else {
      store(item.at.z, quad, gradient_of(item, row, quad));
    }
  }
}
