// Cells of joint tables, as bits.
//!include information/table.wgsl

@group(0) @binding(1) var<storage, read> cells: array<u32>;

override LOW: bool = false;

const SMALLEST_CELL: u32 = 0x1a000000u;  // 2^-75
const LARGEST_CELL: u32 = 0x53800000u;   // 2^40
const LARGEST_FINITE: u32 = 0x7f7fffffu;

fn cell(at: u32) -> vec2f {
  let bits = cells[at];
  var low = 0.0;
  if (LOW) { low = bitcast<f32>(cells[params.low + at]); }
  let there = bits >= SMALLEST_CELL && bits <= LARGEST_FINITE;
  return select(vec2f(0.0), vec2f(bitcast<f32>(bits), low), there);
}
