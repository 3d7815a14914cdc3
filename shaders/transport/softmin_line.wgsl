// The last axis of a half iteration of Sinkhorn over a regular grid, that along which pixels are neighbours in memory:
//     own_i += epsilon ln(a_i / sum_j exp((own_i + other_j - c(|i - j|)) / epsilon)),
// for all lines, where `other` is what softmin_axis.wgsl made of the axes before; of a grid of one axis the other side's
// potentials. Padding behind a line has the sentinel and counts nothing.
//
// A thread makes four pixels of a line, LANES threads share them. Otherwise as softmin_rows.wgsl, the error too.
// With MEASURE the plan's cost is summed as well: c plus the mean cost of the axes before, which is `other_means` behind
// the levels where EARLIER says that there are such axes.
//!include transport/update.wgsl
//!include transport/cost/axis.wgsl
//!include shared/exp_sum.wgsl
//!include shared/sum.wgsl

@group(0) @binding(0) var<uniform> sweep: Sweep;
@group(0) @binding(1) var<storage, read> slots: array<Slot>;
@group(0) @binding(2) var<storage, read> other: array<vec4f>;
@group(0) @binding(3) var<storage, read> weights: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> own: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> partials: array<vec4f>;
// The potentials of the other side.
@group(0) @binding(6) var<storage, read> opposite: array<vec4f>;
@group(0) @binding(7) var<storage, read> along: array<f32>;

override LANES: u32 = 1u;
override MEASURE: bool = false;
override EARLIER: bool = false;

const TILES: u32 = WORKGROUP / LANES;

fn horizontal(v: vec4f) -> f32 { return (v.x + v.z) + (v.y + v.w); }

fn mean(at: u32) -> vec4f {
  if (EARLIER) { return other[at + sweep.other_means / 4u]; }
  return vec4f(0.0);
}

// The sum of a pixel with its maximum taken out, and the maximum.
fn with_maximum(row: u32, at: u32, quads: u32, rate: f32) -> vec2f {
  let places = f32(row) - vec4f(0.0, 1.0, 2.0, 3.0);
  var top = vec4f(-3e38);
  for (var k = 0u; k < quads; k++) { top = max(top, other[at + k] - axis_costs(places - f32(4u * k))); }
  let most = max(max(top.x, top.y), max(top.z, top.w));
  var sum = vec4f(0.0);
  for (var k = 0u; k < quads; k++) {
    sum += exp2_sum(((other[at + k] - axis_costs(places - f32(4u * k))) - most) * rate);
  }
  return vec2f(horizontal(sum), most);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = sweep.zero;
  let place = sweep.first_group + group_index(group, groups);
  let slot = place / sweep.blocks;
  if (slot >= sweep.slots) { return; }
  if (!MEASURE && slots[slot].status != RUNNING) { return; }
  let problem = slots[slot].problem;
  let block = place % sweep.blocks;
  let quads = sweep.axis / 4u;
  let blocks = (quads + TILES - 1u) / TILES;
  var lane = 0u;
  if (LANES > 1u) { lane = local % LANES; }
  let quad = block % blocks * TILES + local / LANES;
  let at = problem * (sweep.own / 4u) + block / blocks * quads;
  let index = at + quad;
  let step = step_of(slot);
  let rate = step.rate;

  var weight = vec4f(0.0);
  var old = vec4f(LN_ZERO);
  let inside = quad < quads;
  if (inside) {
    weight = weights[index];
    if (SYMMETRIC) { old = opposite[index]; } else { old = own[index]; }
  }
  let base = old + step.shift;

  var s0 = vec4f(0.0);
  var s1 = vec4f(0.0);
  var s2 = vec4f(0.0);
  var s3 = vec4f(0.0);
  var t0 = vec4f(0.0);
  var t1 = vec4f(0.0);
  var t2 = vec4f(0.0);
  var t3 = vec4f(0.0);
  if (inside) {
    let places = f32(4u * quad) - vec4f(0.0, 1.0, 2.0, 3.0);
    for (var j = lane; j < quads; j += LANES) {
      let g = other[at + j];
      let d = places - f32(4u * j);
      let c0 = axis_costs(d);
      let c1 = axis_costs(d + 1.0);
      let c2 = axis_costs(d + 2.0);
      let c3 = axis_costs(d + 3.0);
      let p0 = exp2_sum(((g - c0) + base.x) * rate);
      let p1 = exp2_sum(((g - c1) + base.y) * rate);
      let p2 = exp2_sum(((g - c2) + base.z) * rate);
      let p3 = exp2_sum(((g - c3) + base.w) * rate);
      s0 += p0;
      s1 += p1;
      s2 += p2;
      s3 += p3;
      if (MEASURE && SOURCE) {
        let m = mean(at + j);
        t0 += p0 * (m + c0);
        t1 += p1 * (m + c1);
        t2 += p2 * (m + c2);
        t3 += p3 * (m + c3);
      }
    }
  }
  var marginal = vec4f(horizontal(s0), horizontal(s1), horizontal(s2), horizontal(s3));
  var transport = vec4f(horizontal(t0), horizontal(t1), horizontal(t2), horizontal(t3));
  if (LANES > 1u) {
    marginal = sum_lanes(local, LANES, marginal);
    workgroupBarrier();
    if (MEASURE && SOURCE) {
      transport = sum_lanes(local, LANES, transport);
      workgroupBarrier();
    }
  }

  var partial = vec4f(0.0);
  if (inside && lane == 0u) {
    var fresh = old;
    for (var r = 0u; r < 4u; r++) {
      let w = weight[r];
      if (w <= 0.0) { continue; }
      var sum = marginal[r];
      if (MEASURE) {
        partial += measured(step, old[r], sum, w, transport[r]);
        continue;
      }
      var origin = base[r];
      var before = sum;
      if (!(sum > MARGINAL_LOW && sum < MARGINAL_HIGH)) {
        let again = with_maximum(4u * quad + r, at, quads, rate);
        sum = again.x;
        origin = -again.y;
        before = sum * exp2_sum_scalar((base[r] + again.y) * rate);
      }
      let balanced = (origin - step.shift) + step.epsilon * log_ratio(w, sum);
      fresh[r] = updated(step, old[r], balanced, w);
      partial += tested(step, old[r], before, w, fresh[r]);
    }
    if (!MEASURE) { own[index] = fresh; }
  }
  if (MEASURE || SOURCE || DAMPING == SOFT) {
    let total = sum_lanes(local, WORKGROUP, partial);
    if (local == 0u) { partials[sweep.partials_at + problem * sweep.blocks + block] = total; }
  }
}
