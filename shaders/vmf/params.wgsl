// The parameters that the kernels over rows of vectors share.
//!include shared/grid.wgsl
//!include shared/twofloat.wgsl

struct Params {
  zero: u32,
  dimension: u32,
  quads: u32,        // of a row, the last one may be incomplete
  plane: u32,        // quads from the high to the low words of rows
  first: u32,        // rows of this dispatch: from first ...
  until: u32,        // ... to until
  span: u32,         // rows from one component to the next in what is kept per row
  block: u32,        // rows of a block
  blocks: u32,       // blocks, or workgroups over the rows
  tiles: u32,        // workgroups along a row
  sums: u32,         // clusters or components
  low: u32,          // from the high to the low words of what is written
  input_low: u32,    // from the high to the low words of weights or means; 0: none
  order: u32,        // where the list of rows begins in the list of jobs
  unused_1: u32,
  unused_2: u32,
}
@group(0) @binding(0) var<uniform> params: Params;

override DOUBLE: bool = false;
