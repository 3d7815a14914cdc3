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

// Adds a term to a double-float sum of some size; the low words are summed in f32.
fn accumulate(sum: vec2f, term: vec2f) -> vec2f {
  let s = two_sum(sum.x, term.x);
  return quick_two_sum(s.x, s.y + (sum.y + term.y));
}
