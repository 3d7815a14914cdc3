// Costs that a sweep along the rows of a matrix reads, four rows by four columns.
//!include transport/problem.wgsl
@group(0) @binding(7) var<storage, read> cost: array<vec4f>;

// Where the first of the four rows begins, and the step to the next.
var<private> cost_at: u32;
var<private> cost_step: u32;

fn begin_costs(problem: u32, own_from: u32, other_from: u32, row: u32) {
  cost_step = sweep.own_stride / 4u;
  cost_at = problem * sweep.problem_stride / 4u + row * cost_step;
}

// Between the four rows, one vector each, and the four columns from 4 j on.
fn costs(j: u32) -> mat4x4f {
  let at = cost_at + j;
  return mat4x4f(cost[at], cost[at + cost_step], cost[at + 2u * cost_step], cost[at + 3u * cost_step]);
}
