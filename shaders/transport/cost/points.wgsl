// Costs between points, made where they are needed: four own points by four others.
//
// Coordinates lie by fours of points, component after component: quad q of a cloud has component c of its points at
// q DIM + c. The own ones are kept in registers where there are few. Differences are taken before they are squared: |x|^2 + |y|^2 - 2 x.y
// would lose the digits of near pairs.
// Error: 2^-24 (d + 3) relative, and that of the root and power.
//!include transport/problem.wgsl
//!splice GROUND transport/cost/squared.wgsl
@group(0) @binding(7) var<storage, read> own_points: array<vec4f>;
@group(0) @binding(8) var<storage, read> other_points: array<vec4f>;

override DIM: u32 = 3u;

// Components that are kept in registers.
const KEPT: u32 = 16u;

var<private> own_point: array<vec4f, KEPT>;
var<private> own_at: u32;
var<private> others_at: u32;

fn begin_costs(problem: u32, own_from: u32, other_from: u32, row: u32) {
  own_at = (own_from * sweep.own_points + row) / 4u * DIM;
  for (var c = 0u; c < min(DIM, KEPT); c++) { own_point[c] = own_points[own_at + c]; }
  others_at = other_from * sweep.other_points / 4u * DIM;
}

// Between the four own points, one vector each, and the four others from 4 j on.
fn costs(j: u32) -> mat4x4f {
  let at = others_at + j * DIM;
  var s0 = vec4f(0.0);
  var s1 = vec4f(0.0);
  var s2 = vec4f(0.0);
  var s3 = vec4f(0.0);
  for (var c = 0u; c < DIM; c++) {
    let y = other_points[at + c];
    var x = vec4f(0.0);
    if (DIM <= KEPT) { x = own_point[c]; } else { x = own_points[own_at + c]; }
    let d0 = x.x - y;
    let d1 = x.y - y;
    let d2 = x.z - y;
    let d3 = x.w - y;
    s0 += d0 * d0;
    s1 += d1 * d1;
    s2 += d2 * d2;
    s3 += d3 * d3;
  }
  return mat4x4f(ground(s0), ground(s1), ground(s2), ground(s3));
}
