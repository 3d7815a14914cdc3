// The cost between two places of a problem, from a matrix with or without low words.
//!include transport/problem.wgsl
@group(0) @binding(7) var<storage, read> cost: array<f32>;

var<private> cost_at: u32;

fn begin_costs(problem: u32, own_from: u32, other_from: u32) { cost_at = problem * sweep.problem_stride; }

fn cost_between(own_place: u32, other_place: u32) -> vec2f {
  let at = cost_at + own_place * sweep.own_stride + other_place * sweep.other_stride;
  if (sweep.cost_plane != 0u) { return vec2f(cost[at], cost[sweep.cost_plane + at]); }
  return vec2f(cost[at], 0.0);
}
