// 1/|x| of every row, and which rows have no direction.
//
// Method. The sum of squares in f32, sums of 16 quads added up once more, or in double-float; LANES threads share a row.
// A row whose sum of squares lies outside [2^-40, 2^100], where squares may have left the range, is only reported; the
// variant SCALED, one thread a row, multiplies every row by a power of two first, which brings its largest component to
// [1, 2), or where that is subnormal to [2^-22, 2); it finds what is not finite by bits.
// Output: high word, low word, the power of two, 0. Report: the first row that is not finite or all zeros, and whether
// any row needs SCALED.
// Error: 2^-22 relative, in double-float 2^-45.
//!include vmf/rows.wgsl
//!include shared/sum.wgsl
//!include shared/sum_double.wgsl

@group(0) @binding(3) var<storage, read_write> norms: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> report: array<atomic<u32>>;

override LANES: u32 = 1u;
override SCALED: bool = false;

const SMALLEST_SUM: u32 = 0x2b800000u; // 2^-40
const LARGEST_SUM: u32 = 0x71800000u;  // 2^100
const EXPONENT: u32 = 0x7f800000u;

fn row_quad(row: u32, quad: u32, scale: f32) -> vec4f {
  let x = load(row, quad);
  if (SCALED) { return scaled(x, scale); }
  return x;
}

fn squares(sum: vec2f, x: vec4f, y: vec4f) -> vec2f {
  var total = sum;
  for (var c = 0u; c < 4u; c++) {
    var square = two_prod(x[c], x[c]);
    square.y += 2.0 * x[c] * y[c];
    total = accumulate(total, square);
  }
  return total;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let row = params.first + group_index(group, groups) * (WORKGROUP / LANES) + local / LANES;
  let lane = local % LANES;
  let live = row < params.until;

  var scale = 1.0;
  if (SCALED && live) {
    var most = vec4u(0u);
    for (var q = 0u; q < params.quads; q++) {
      most = max(most, bitcast<vec4u>(load(row, q)) & vec4u(0x7fffffffu));
    }
    let largest = max(max(most.x, most.y), max(most.z, most.w));
    if (largest == 0u || largest >= EXPONENT) { atomicMin(&report[0], row); }
    scale = bitcast<f32>((max(254u - min(largest >> 23u, 254u), 1u)) << 23u);
  }

  var sum = vec2f(0.0);
  if (live) {
    if (DOUBLE) {
      for (var q = lane; q < params.quads; q += LANES) {
        sum = squares(sum, row_quad(row, q, scale), load_low(row, q) * scale);
      }
    } else {
      var outer = vec4f(0.0);
      for (var from_quad = lane; from_quad < params.quads; from_quad += 16u * LANES) {
        var inner = vec4f(0.0);
        let until = min(from_quad + 16u * LANES, params.quads);
        for (var q = from_quad; q < until; q += LANES) {
          let y = row_quad(row, q, scale);
          inner += y * y;
        }
        outer += inner;
      }
      sum.x = (outer.x + outer.y) + (outer.z + outer.w);
    }
  }
  if (LANES > 1u) {
    if (DOUBLE) {
      sum = sum_lanes_double(local, LANES, sum);
    } else {
      sum.x = sum_lanes(local, LANES, vec4f(sum.x, 0.0, 0.0, 0.0)).x;
    }
  }
  if (live && lane == 0u) {
    let bits = bitcast<u32>(keep(sum.x));
    if (bits < SMALLEST_SUM || bits > LARGEST_SUM) { atomicOr(&report[1], 1u); }
    let safe = vec2f(clamp(sum.x, 0x1p-50f, 0x1p+100f), sum.y);
    // A root and a quotient may be off by 2.5 ulp each: one step of Newton's method.
    let rough = reciprocal(sqrt(safe.x));
    var inverse = vec2f(rough + rough * (0.5 - 0.5 * (safe.x * rough) * rough), 0.0);
    if (DOUBLE) { inverse = df_div(vec2f(1.0, 0.0), df_sqrt(safe)); }
    norms[row] = vec4f(inverse, scale, 0.0);
  }
}
