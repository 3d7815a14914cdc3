// The cost between two points in double-float arithmetic; coordinates as in points.wgsl, all low words after all high
// words.
// Error: 2^-46 d relative, and that of the root and power.
//!include transport/problem.wgsl
//!splice GROUND transport/cost/squared_double.wgsl
@group(0) @binding(7) var<storage, read> own_points: array<f32>;
@group(0) @binding(8) var<storage, read> other_points: array<f32>;

override DIM: u32 = 3u;

// The first points of both clouds.
var<private> own_first: u32;
var<private> other_first: u32;

fn begin_costs(problem: u32, own_from: u32, other_from: u32) {
  own_first = own_from * sweep.own_points;
  other_first = other_from * sweep.other_points;
}

fn cost_between(own_place: u32, other_place: u32) -> vec2f {
  let i = own_first + own_place;
  let j = other_first + other_place;
  var squared = vec2f(0.0);
  for (var c = 0u; c < DIM; c++) {
    let at = (i / 4u * DIM + c) * 4u + i % 4u;
    let to = (j / 4u * DIM + c) * 4u + j % 4u;
    var x = vec2f(own_points[at], 0.0);
    var y = vec2f(other_points[to], 0.0);
    if (sweep.own_words != 0u) { x.y = own_points[sweep.own_words + at]; }
    if (sweep.other_words != 0u) { y.y = other_points[sweep.other_words + to]; }
    let d = df_sub(x, y);
    squared = df_add(squared, df_mul(d, d));
  }
  return df_ground(squared);
}
