// A softmin over a regular grid along one axis, for all its lines: any axis but the last in memory.
//     own_i <- own_i + epsilon ln sum_j exp((other_j - c(|i - j|) - own_i) / epsilon),
// where own_i on the right is what the iteration before has left: the exponents are about 0, and no maximum is needed. The
// cost of a grid is a sum over its axes, so the softmin over all pixels is one over each axis after the other;
// softmin_line.wgsl does the last one.
//
// Of a squared distance the four pixels r = 0 ... 3 of a thread share their exponentials: with d = i - j
//     exp(-(d + r)^2 h / epsilon) = exp(-d^2 h / epsilon) q^r exp(-r^2 h / epsilon),   q = exp(-2 d h / epsilon),
// one exponential and a quarter in place of four, as long as no q^3 is above 2^QUICK_BITS: what the clamp of exp2_sum
// leaves of a term that vanishes is then below 2^(2 QUICK_BITS - 126) of the sum, because levels of neighbours differ by
// no more than their costs. Terms above 2^20, which no settled level has, are cut there, and the pixels done again.
//
// A thread makes four neighbouring pixels of each of four neighbouring lines: all threads of a workgroup read the same four
// lines, sixteen exponentials a load. LANES threads share them. A pixel whose sum leaves [2^-80, 2^90] is done again with
// its maximum taken out (two passes), which is what the first sweeps need. A line without weight keeps the sentinel.
// With MEASURE the mean cost of the axes so far goes along, `own_means` behind: the softmax-mean over j of
// c(|i - j|) + mean_j, so that the last axis knows the cost of the plan. EARLIER: `other` has one, from an axis before.
// Error: f32 rounding of the levels (2^-24 |own| / epsilon in the exponent), 2 ulp of exp2, sums of axis / LANES terms.
//!include transport/cost/axis.wgsl
//!include shared/exp_sum.wgsl
//!include shared/sum.wgsl

@group(0) @binding(0) var<uniform> sweep: Sweep;
@group(0) @binding(1) var<storage, read> slots: array<Slot>;
@group(0) @binding(2) var<storage, read> other: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> own: array<vec4f>;
@group(0) @binding(4) var<storage, read> along: array<f32>;

override LANES: u32 = 1u;
override MEASURE: bool = false;
override EARLIER: bool = false;

const TILES: u32 = WORKGROUP / LANES;
const QUICK_BITS: f32 = 36.0;

// Sums of four lines over the exponentials of what is above `origin`, and of the costs behind them.
struct Sums { origin: vec4f, sum: vec4f, paid: vec4f }

fn mean(at: u32) -> vec4f {
  if (EARLIER) { return other[at + sweep.other_means / 4u]; }
  return vec4f(0.0);
}

// A sum of terms p q^r times 2^exponent; 0, which is done again, where it is not whole or the factor is no common one.
fn brought(sum: vec4f, exponent: vec4f, whole: vec4<bool>) -> vec4f {
  let near = abs(exponent) < vec4f(QUICK_BITS);
  let scaled = sum * exp2_sum(clamp(exponent, vec4f(-QUICK_BITS), vec4f(QUICK_BITS)));
  return select(vec4f(0.0), select(vec4f(0.0), scaled, near), whole);
}

// Those of pixel `row`, with their maxima as the origin.
fn with_maximum(row: u32, at: u32, stride: u32, rate: f32) -> Sums {
  let place = f32(row);
  var top = vec4f(-3e38);
  for (var j = 0u; j < sweep.axis; j++) {
    top = max(top, other[at + j * stride] - axis_costs(vec4f(place - f32(j))));
  }
  var sums = Sums(top, vec4f(0.0), vec4f(0.0));
  for (var j = 0u; j < sweep.axis; j++) {
    let c = axis_costs(vec4f(place - f32(j)));
    let p = exp2_sum(((other[at + j * stride] - c) - top) * rate);
    sums.sum += p;
    if (MEASURE) { sums.paid += p * (c + mean(at + j * stride)); }
  }
  return sums;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = sweep.zero;
  let place = sweep.first_group + group_index(group, groups);
  let slot = place / sweep.blocks;
  if (slot >= sweep.slots) { return; }
  if (!MEASURE && slots[slot].status != RUNNING) { return; }
  let block = place % sweep.blocks;
  let blocks = (sweep.axis + 4u * TILES - 1u) / (4u * TILES);
  let quad = block / blocks;
  var lane = 0u;
  if (LANES > 1u) { lane = local % LANES; }
  let row = 4u * (block % blocks * TILES + local / LANES);
  let stride = sweep.axis_stride / 4u;
  let at = slots[slot].problem * (sweep.own / 4u) + quad / stride * (sweep.axis * stride) + quad % stride;
  let epsilon = sweep.epsilon * slots[slot].unit;
  let rate = sweep.rate * slots[slot].rate;

  // Past the end of the axis its last pixel again, whose results are not used.
  let last = sweep.axis - 1u;
  let rows = min(vec4u(row) + vec4u(0u, 1u, 2u, 3u), vec4u(last));
  let places = vec4f(rows);
  let old0 = own[at + rows.x * stride];
  let old1 = own[at + rows.y * stride];
  let old2 = own[at + rows.z * stride];
  let old3 = own[at + rows.w * stride];
  var s0 = vec4f(0.0);
  var s1 = vec4f(0.0);
  var s2 = vec4f(0.0);
  var s3 = vec4f(0.0);
  var t0 = vec4f(0.0);
  var t1 = vec4f(0.0);
  var t2 = vec4f(0.0);
  var t3 = vec4f(0.0);
  let ratio = 2.0 * sweep.axis_step * rate;
  let quick = POWER == 2u && !MEASURE && 3.0 * ratio * f32(sweep.axis) <= QUICK_BITS;
  if (quick) {
    for (var j = lane; j < sweep.axis; j += LANES) {
      let d = f32(row) - f32(j);
      let exponents = ((other[at + j * stride] - (d * d) * sweep.axis_step) - old0) * rate;
      let q = exp2_sum_scalar(-ratio * d);
      var p = exp2_sum(min(exponents, vec4f(20.0)));
      s0 += p;
      p *= q;
      s1 += p;
      p *= q;
      s2 += p;
      p *= q;
      s3 += p;
    }
  } else {
    for (var j = lane; j < sweep.axis; j += LANES) {
      let g = other[at + j * stride];
      let c = axis_costs(places - f32(j));
      let p0 = exp2_sum(((g - c.x) - old0) * rate);
      let p1 = exp2_sum(((g - c.y) - old1) * rate);
      let p2 = exp2_sum(((g - c.z) - old2) * rate);
      let p3 = exp2_sum(((g - c.w) - old3) * rate);
      s0 += p0;
      s1 += p1;
      s2 += p2;
      s3 += p3;
      if (MEASURE) {
        let m = mean(at + j * stride);
        t0 += p0 * (m + c.x);
        t1 += p1 * (m + c.y);
        t2 += p2 * (m + c.z);
        t3 += p3 * (m + c.w);
      }
    }
  }
  if (LANES > 1u) {
    s0 = sum_lanes(local, LANES, s0);
    workgroupBarrier();
    s1 = sum_lanes(local, LANES, s1);
    workgroupBarrier();
    s2 = sum_lanes(local, LANES, s2);
    workgroupBarrier();
    s3 = sum_lanes(local, LANES, s3);
    if (MEASURE) {
      workgroupBarrier();
      t0 = sum_lanes(local, LANES, t0);
      workgroupBarrier();
      t1 = sum_lanes(local, LANES, t1);
      workgroupBarrier();
      t2 = sum_lanes(local, LANES, t2);
      workgroupBarrier();
      t3 = sum_lanes(local, LANES, t3);
    }
  }
  if (lane != 0u) { return; }
  if (quick) {
    let whole = s0 < vec4f(0x1p20f);
    s0 = select(vec4f(0.0), s0, whole);
    s1 = brought(s1, (old0 - old1) * rate - 0.5 * ratio, whole);
    s2 = brought(s2, (old0 - old2) * rate - 2.0 * ratio, whole);
    s3 = brought(s3, (old0 - old3) * rate - 4.5 * ratio, whole);
  }
  let old = array<vec4f, 4>(old0, old1, old2, old3);
  let sum = array<vec4f, 4>(s0, s1, s2, s3);
  let paid = array<vec4f, 4>(t0, t1, t2, t3);
  for (var r = 0u; r < 4u; r++) {
    if (row + r > last) { break; }
    var found = Sums(old[r], sum[r], paid[r]);
    if (!(all(sum[r] > vec4f(MARGINAL_LOW)) && all(sum[r] < vec4f(MARGINAL_HIGH)))) {
      found = with_maximum(row + r, at, stride, rate);
    }
    let logs = vec4f(log_f32(found.sum.x), log_f32(found.sum.y), log_f32(found.sum.z), log_f32(found.sum.w));
    let index = at + (row + r) * stride;
    own[index] = found.origin + epsilon * logs;
    if (MEASURE && sweep.own_means != 0u) { own[index + sweep.own_means / 4u] = divide4(found.paid, found.sum); }
  }
}
