// Rows of vectors for the kernels of vmf: how they are read, four numbers at a time.
//
// A row is `quads` quads; what lies behind its last number counts as zero. ALIGNED: rows begin at multiples of 16 bytes
// and are padded with zeros, or need no padding. Otherwise the same buffer is bound as `scalars`. LOW: low words of
// double-float rows, `plane` quads behind the high ones.
//!include vmf/params.wgsl

@group(0) @binding(1) var<storage, read> quads: array<vec4f>;
@group(0) @binding(2) var<storage, read> scalars: array<f32>;

override ALIGNED: bool = true;
override LOW: bool = false;

fn load(row: u32, quad: u32) -> vec4f {
  if (ALIGNED) { return quads[row * params.quads + quad]; }
  let place = 4u * quad;
  let at = row * params.dimension + place;
  let left = params.dimension - place;
  return vec4f(
    scalars[at],
    select(0.0, scalars[at + 1u], left > 1u),
    select(0.0, scalars[at + 2u], left > 2u),
    select(0.0, scalars[at + 3u], left > 3u));
}

fn load_low(row: u32, quad: u32) -> vec4f {
  if (LOW) { return quads[params.plane + row * params.quads + quad]; }
  return vec4f(0.0);
}

// x times a power of two, for the variants SCALED. A subnormal x is 2^-149 times an integer: read from its bits it is
// right on adapters that flush it, and scaled up by more than f32 holds: 2^127 for rows that are all subnormal.
fn scaled(x: vec4f, power: f32) -> vec4f {
  let bits = bitcast<vec4u>(x);
  let sign = bits & vec4u(0x80000000u);
  let lifted = vec4f(bits & vec4u(0x007fffffu)) * 0x1p-23f * (power * 0x1p-126f);
  let subnormal = (bits & vec4u(0x7f800000u)) == vec4u(0u);
  return select(x * power, bitcast<vec4f>(bitcast<vec4u>(lifted) | sign), subnormal);
}

// Adds a term to a double-float sum of some size; the low words are summed in f32.
fn accumulate(sum: vec2f, term: vec2f) -> vec2f {
  let s = two_sum(sum.x, term.x);
  return quick_two_sum(s.x, s.y + (sum.y + term.y));
}
