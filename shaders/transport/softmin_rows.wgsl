// One half iteration of Sinkhorn, four own entries a row of threads:
//     own_i += epsilon ln(a_i / sum_j exp((own_i + other_j - C_ij) / epsilon)),
// over a matrix whose rows are contiguous, or over points (transport/cost).
//
// LANES threads share four rows and read the other side as vec4f: a load costs CPU drivers more than an exponential,
// and four rows share those of the other side. A row whose sum leaves [2^-80, 2^90] is done again with its maximum
// taken out (two passes), which is what the first sweeps need.
// With MEASURE nothing is updated: the marginals and the cost of the plan are summed instead.
// Error: f32 rounding of the potentials (2^-24 |f| / epsilon in the exponent), 2 ulp of exp2, pairwise or lane-wise sums.
//!include transport/update.wgsl
//!include shared/exp_sum.wgsl
//!include shared/sum.wgsl
//!splice COSTS transport/cost/matrix.wgsl

@group(0) @binding(0) var<uniform> sweep: Sweep;
@group(0) @binding(1) var<storage, read> slots: array<Slot>;
@group(0) @binding(2) var<storage, read> other: array<vec4f>;
@group(0) @binding(3) var<storage, read> weights: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> own: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> partials: array<vec4f>;
@group(0) @binding(6) var<storage, read> support: array<u32>;

override LANES: u32 = 1u;
override MEASURE: bool = false;
// Whether problems have numbers of entries of their own, multiples of four: their offsets are in `support`.
override RAGGED: bool = false;

const ROWS: u32 = 4u * WORKGROUP / LANES;

fn horizontal(v: vec4f) -> f32 { return (v.x + v.z) + (v.y + v.w); }

// The sum of row r with its maximum taken out, and the maximum.
fn with_maximum(r: u32, other_at: u32, quads: u32, rate: f32) -> vec2f {
  var top = vec4f(-3e38);
  for (var k = 0u; k < quads; k++) { top = max(top, other[other_at + k] - costs(k)[r]); }
  let most = max(max(top.x, top.y), max(top.z, top.w));
  var sum = vec4f(0.0);
  for (var k = 0u; k < quads; k++) { sum += exp2_sum(((other[other_at + k] - costs(k)[r]) - most) * rate); }
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
  var own_from = problem * sweep.own;
  var entries = sweep.own;
  var other_from = problem * sweep.other;
  var others = sweep.other;
  if (RAGGED) {
    own_from = support[sweep.own_base + problem];
    entries = support[sweep.own_base + problem + 1u] - own_from;
    other_from = support[sweep.other_base + problem];
    others = support[sweep.other_base + problem + 1u] - other_from;
  }
  let row = block * ROWS + 4u * (local / LANES);
  let lane = local % LANES;
  let quads = min(others, 4u * arrayLength(&other)) / 4u;
  let other_at = other_from / 4u;
  let index = (own_from + row) / 4u;
  let step = step_of(slot);
  let rate = step.rate;

  // Rows of weight zero, padding among them, have the sentinel and count nothing.
  var weight = vec4f(0.0);
  var old = vec4f(LN_ZERO);
  let inside = row < entries;
  if (inside) {
    weight = weights[index];
    if (SYMMETRIC) { old = other[index]; } else { old = own[index]; }
    begin_costs(problem, own_from, other_from, row);
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
    for (var j = lane; j < quads; j += LANES) {
      let g = other[other_at + j];
      let c = costs(j);
      let p0 = exp2_sum(((g - c[0]) + base.x) * rate);
      let p1 = exp2_sum(((g - c[1]) + base.y) * rate);
      let p2 = exp2_sum(((g - c[2]) + base.z) * rate);
      let p3 = exp2_sum(((g - c[3]) + base.w) * rate);
      s0 += p0;
      s1 += p1;
      s2 += p2;
      s3 += p3;
      if (MEASURE && SOURCE) {
        t0 += select(p0 * c[0], vec4f(0.0), c[0] >= vec4f(FORBIDDEN));
        t1 += select(p1 * c[1], vec4f(0.0), c[1] >= vec4f(FORBIDDEN));
        t2 += select(p2 * c[2], vec4f(0.0), c[2] >= vec4f(FORBIDDEN));
        t3 += select(p3 * c[3], vec4f(0.0), c[3] >= vec4f(FORBIDDEN));
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
        let again = with_maximum(r, other_at, quads, rate);
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
