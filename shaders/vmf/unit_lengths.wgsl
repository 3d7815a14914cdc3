// 1/|x| of rows from the squares that resultant_units left of them, and whether rows have length one already. One thread
// a row.
//
// Output: the inverse lengths. Report: whether a sum differs from one by more than 2^-20, and whether one is outside
// [2^-40, 2^100] or is no number.
// Error: 2^-21 of the lengths of f32 rows.
//!include vmf/params.wgsl

@group(0) @binding(1) var<storage, read> squares: array<f32>;
@group(0) @binding(2) var<storage, read_write> report: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> factors: array<f32>;

override WORKGROUP: u32 = 64u;

const SMALLEST: u32 = 0x3f7ffff0u;     // 1 - 2^-20
const LARGEST: u32 = 0x3f800008u;      // 1 + 2^-20
const SMALLEST_SUM: u32 = 0x2b800000u; // 2^-40
const LARGEST_SUM: u32 = 0x71800000u;  // 2^100

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let row = group_index(group, groups) * WORKGROUP + local;
  if (row >= params.span) { return; }
  var sum = 0.0;
  // Sums of sixteen, added up once more: there are thousands where rows are long.
  for (var begin = 0u; begin < params.sums; begin += 16u) {
    var part = 0.0;
    let end = min(begin + 16u, params.sums);
    for (var lane = begin; lane < end; lane++) { part += squares[lane * params.span + row]; }
    sum += part;
  }
  let bits = bitcast<u32>(keep(sum));
  if (bits < SMALLEST || bits > LARGEST) { atomicOr(&report[1], 1u); }
  if (bits < SMALLEST_SUM || bits > LARGEST_SUM) { atomicOr(&report[2], 1u); }
  factors[row] = 1.0 / sqrt(clamp(sum, 0x1p-40f, 0x1p+100f));
}
