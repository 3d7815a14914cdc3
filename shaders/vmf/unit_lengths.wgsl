// 1/|x| of rows from the squares that resultant_units left of them, and whether rows have length one already. One thread
// for four rows, whose squares lie beside each other.
//
// Output: the inverse lengths. Report: whether a sum differs from one by more than 2^-20, and whether one is outside
// [2^-40, 2^100] or is no number.
// Error: 2^-21 of the lengths of f32 rows.
//!include vmf/params.wgsl

@group(0) @binding(1) var<storage, read> squares: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> report: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> factors: array<vec4f>;

override WORKGROUP: u32 = 64u;

const SMALLEST: u32 = 0x3f7ffff0u;     // 1 - 2^-20
const LARGEST: u32 = 0x3f800008u;      // 1 + 2^-20
const SMALLEST_SUM: u32 = 0x2b800000u; // 2^-40
const LARGEST_SUM: u32 = 0x71800000u;  // 2^100

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let four = group_index(group, groups) * WORKGROUP + local;
  let fours = params.span / 4u;
  if (four >= fours) { return; }
  var sum = vec4f(0.0);
  // Sums of sixteen, added up once more: there are thousands where rows are long.
  for (var begin = 0u; begin < params.sums; begin += 16u) {
    var part = vec4f(0.0);
    let end = min(begin + 16u, params.sums);
    for (var lane = begin; lane < end; lane++) { part += squares[lane * fours + four]; }
    sum += part;
  }
  // Beyond the last row squares are whatever they are.
  let bits = bitcast<vec4u>(sum) ^ vec4u(runtime_zero);
  let there = vec4u(4u * four) + vec4u(0u, 1u, 2u, 3u) < vec4u(params.until - params.first);
  if (any(there & ((bits < vec4u(SMALLEST)) | (bits > vec4u(LARGEST))))) { atomicOr(&report[1], 1u); }
  if (any(there & ((bits < vec4u(SMALLEST_SUM)) | (bits > vec4u(LARGEST_SUM))))) { atomicOr(&report[2], 1u); }
  factors[four] = reciprocal4(sqrt(clamp(sum, vec4f(0x1p-40f), vec4f(0x1p+100f))));
}
