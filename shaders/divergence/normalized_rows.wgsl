// Rows made ready to be compared with many others: probabilities in double-float, the mass of every quad, and a bit for
// every bin that is not empty.
//
// Rows lie in blocks of BLOCK, quads of a block behind each other and its rows beside each other, so that threads with
// a row each read side by side. A thread makes what one word of bits stands for, eight quads of a row. Here params.quads
// are those of all columns of the block, of which items[i].at.w words come before the ones at hand; at.z is the row.
// High words come first, low ones params.plane behind.
// Weights are multiplied by 1/sum, e^(a/T - log-normaliser) is taken of logits; references are double-float.
// Error: 2^-43 of every probability above 2^-78.
//!include divergence/rows.wgsl

@group(0) @binding(6) var<storage, read_write> probabilities: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> masses: array<f32>;
@group(0) @binding(8) var<storage, read_write> support: array<u32>;

override BLOCK: u32 = 8u;

fn probability(bits: vec4u, reference: vec2f) -> Sum4 {
  let x = number(bits);
  if (!LOGITS) { return two_prod4(x, reference); }
  let p = exp_double4(tempered(x, params.inverse_temperatures.xy), reference);
  let empty = is_empty(bits);
  return Sum4(select(p.sum, vec4f(0.0), empty), select(p.error, vec4f(0.0), empty));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let unit = group_index(group, groups) * WORKGROUP + local;
  if (unit >= params.items * params.segments) { return; }
  let item = items[unit / params.segments];
  let word = unit % params.segments;
  let own_quads = (params.columns + 3u) / 4u;
  let row = item.at.z;
  let lane = row % BLOCK;
  let first = row / BLOCK;
  var has = 0u;
  for (var k = 0u; k < 8u; k++) {
    let quad = 8u * word + k;
    if (quad < own_quads) {
      let bits = load_p(item.at.x, quad);
      let p = probability(bits, item.reference.xy);
      let at = (first * params.quads + 8u * item.at.w + quad) * BLOCK + lane;
      probabilities[at] = p.sum;
      probabilities[params.plane + at] = p.error;
      masses[at] = total(p.sum);
      let nibble = select(vec4u(1u, 2u, 4u, 8u), vec4u(0u), is_empty(bits));
      has |= (nibble.x | nibble.y | nibble.z | nibble.w) << (4u * k);
    }
  }
  let words = (params.quads + 7u) / 8u;
  support[(first * words + item.at.w + word) * BLOCK + lane] = has;
}
