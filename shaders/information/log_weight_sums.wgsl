// The sums that say what a row of log-weights l is worth, of every block of it, with its maximum m taken out:
// sum e^(l-m), sum e^2(l-m), sum e^(l-m) (l-m).
//
// Method. Two passes over a block, LANES threads a block: the maximum first, so that nothing is ever rescaled; l - m is
// exact. Terms in f32 are added up sixteen at a time, and those sums in double-float, so that long rows lose nothing.
// Output: (m, sum of weights), (sum of squares, sum of products), all double-float; a block without any weight has
// m = -(largest f32) and zeros. Report: the first number that is NaN or +infinity.
// Error: 2^-21 of each sum, in double-float 2^-42.
//!include information/log_rows.wgsl

@group(0) @binding(2) var<storage, read_write> sums: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> report: array<atomic<u32>>;

override LANES: u32 = 1u;

fn larger(a: vec2f, b: vec2f) -> vec2f {
  return select(a, b, b.x > a.x || (b.x == a.x && b.y > a.y));
}

// The largest of `lanes` consecutive threads, for each of them. In uniform control flow.
fn largest_of_lanes(local: u32, value: vec2f) -> vec2f {
  sum_scratch[local] = vec4f(value, 0.0, 0.0);
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (local % LANES < half) {
      sum_scratch[local] = vec4f(larger(scratch_pair(local), scratch_pair(local + half)), 0.0, 0.0);
    }
    workgroupBarrier();
  }
  return scratch_pair(local - local % LANES);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let item = params.first + group_index(group, groups) * (WORKGROUP / LANES) + local / LANES;
  let live = item < params.until;
  let lane = local % LANES;
  let row = item / params.blocks * params.columns;
  let begin = row + item % params.blocks * params.block;
  let end = select(0u, min(begin + params.block, row + params.columns), live);
  var most = vec2f(-LARGEST_F32, 0.0);
  for (var at = begin + lane; at < end; at += LANES) {
    let bits = logs[at];
    if ((bits & 0x7fffffffu) < INFINITE) {
      most = larger(most, log_at(at));
    } else if (bits != NO_WEIGHT) {
      atomicMin(&report[0], at);
    }
  }
  if (LANES > 1u) { most = largest_of_lanes(local, most); }

  var weights = vec2f(0.0);
  var squares = vec2f(0.0);
  var products = vec2f(0.0);
  for (var start = begin + lane; start < end; start += 16u * LANES) {
    var few = vec3f(0.0);
    let stop = min(start + 16u * LANES, end);
    for (var at = start; at < stop; at += LANES) {
      if (!counts(logs[at], most.x)) { continue; }
      let d = df_sub(log_at(at), most);
      let e = exponential(d);
      if (DOUBLE) {
        weights = df_add(weights, e);
        squares = df_add(squares, df_mul(e, e));
        products = df_add(products, df_mul(e, d));
      } else {
        few += vec3f(e.x, e.x * e.x, e.x * d.x);
      }
    }
    if (!DOUBLE) {
      weights = df_add_f32(weights, few.x);
      squares = df_add_f32(squares, few.y);
      products = df_add_f32(products, few.z);
    }
  }
  if (LANES > 1u) {
    weights = sum_lanes_double(local, LANES, weights);
    squares = sum_lanes_double(local, LANES, squares);
    products = sum_lanes_double(local, LANES, products);
  }
  if (live && lane == 0u) {
    sums[2u * item] = vec4f(most, weights);
    sums[2u * item + 1u] = vec4f(squares, products);
  }
}
