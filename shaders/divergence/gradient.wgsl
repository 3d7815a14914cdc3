// Gradient of a divergence with respect to either row, in the space its numbers are in, times a factor of the row:
// weights: k (dD/dp_i - sum p dD/dp) / (sum of the weights); logits and log-probabilities: k p_i (dD/dp_i - sum p dD/dp).
//
// Method. `compare` has left the row's scalars: references, flows = sum p dD/dp and sum q dD/dq, and factors that contain
// the upstream gradient, the derivative of what is made of the sum, and the temperature or the sum of the weights.
// Probabilities are computed anew: nothing of the size of a row is stored but the gradient. At an empty bin of weights
// the slope is that of a bin 2^-100 times its partner, so that it is finite.
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

const EMPTY: f32 = 0x1p-100f;

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
  let sum = select(row.flows.x, row.flows.y, OF_Q);
  let factor = select(row.factors.x, row.factors.y, OF_Q);
  for (var quad = first + lane; quad < until; quad += LANES) {
    let a = number(load_p(item.at.x, quad));
    let b = number(load_q(item.at.y, quad));
    var pair: Pair;
    if (LOGITS) {
      pair = logits_pair(a, b, item.reference);
    } else {
      // A floor for the side that the slope is of.
      var p = a;
      var q = b;
      if (OF_Q) { q = max(q, (p / item.reference.x) * EMPTY); } else { p = max(p, q * item.reference.x * EMPTY); }
      pair = weights_pair(p, q, item.reference.xy);
    }
    let term = part(pair, params.member);
    let smaller = pair.large * pair.ratio;
    let own = select(smaller, pair.large, pair.p_larger != vec4<bool>(OF_Q));
    let flow = select(term.flow_p, term.flow_q, vec4<bool>(OF_Q));
    var result = factor * (flow - own * sum);
    if (!LOGITS) { result = factor * (select(flow / own, vec4f(0.0), own == vec4f(0.0)) - sum); }
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
