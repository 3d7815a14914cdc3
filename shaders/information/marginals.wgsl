// Sums of the rows or columns of joint tables, in blocks, each with its largest cell apart.
//
// Method. LANES threads share a block of a row; COLUMNS: one thread a block of a column, columns beside each other.
// Double-float sums. Output: of every line its blocks, one behind the other. Report: the first cell that is negative or
// no finite number, and whether one is above 2^40 or below 2^-75 and not 0.
// Error: 2^-47 of the sum for each of its terms, in the worst case.
//!include information/cells.wgsl

@group(0) @binding(2) var<storage, read_write> sums: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> report: array<atomic<u32>>;

override COLUMNS: bool = false;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let item = item_of(group, groups, local);
  let live = item < params.until;
  var sum = vec4f(0.0);
  var place = item;
  if (live) {
    var block = item % params.blocks;
    var base = (params.table * params.rows + item / params.blocks) * params.columns;
    var step = 1u;
    var length = params.columns;
    if (COLUMNS) {
      let column = item % params.columns;
      let table = item / params.columns / params.blocks;
      block = item / params.columns % params.blocks;
      base = (params.table + table) * params.rows * params.columns + column;
      step = params.columns;
      length = params.rows;
      place = (table * params.columns + column) * params.blocks + block;
    }
    let end = min((block + 1u) * params.block, length);
    for (var k = block * params.block + local % LANES; k < end; k += LANES) {
      let at = base + k * step;
      if (!COLUMNS) {
        let bits = cells[at];
        if (bits > LARGEST_FINITE && bits != 0x80000000u) { atomicMin(&report[0], at); }
        if (bits > LARGEST_CELL && bits <= LARGEST_FINITE) { atomicOr(&report[1], 1u); }
        if (bits != 0u && bits < SMALLEST_CELL) { atomicOr(&report[1], 1u); }
      }
      sum = with_term(sum, cell(at));
    }
  }
  if (LANES > 1u) { sum = joined_lanes(local, LANES, sum); }
  if (live && local % LANES == 0u) { sums[place] = sum; }
}
