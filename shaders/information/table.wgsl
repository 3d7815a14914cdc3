// The parameters that the kernels over joint tables share, and how cells are read.
//
// Tables lie one behind the other, row-major. Cells below 2^-75 count as zero; tables come with totals of 2^-10 and
// above. LOW: low words of double-float cells, `low` numbers behind the high ones.
//!include shared/grid.wgsl
//!include information/kept_sum.wgsl

struct Params {
  zero: u32,
  rows: u32,
  columns: u32,
  table: u32,      // the first table of the dispatch, among those in the buffer
  first: u32,      // items of this dispatch: from first ...
  until: u32,      // ... to until
  block: u32,      // numbers of a block of a line
  blocks: u32,     // blocks of a line
  low: u32,
  unused_1: u32,
  unused_2: u32,
  unused_3: u32,
}
@group(0) @binding(0) var<uniform> params: Params;

override LANES: u32 = 1u;

fn item_of(group: vec3u, groups: vec3u, local: u32) -> u32 {
  return params.first + group_index(group, groups) * (WORKGROUP / LANES) + local / LANES;
}
