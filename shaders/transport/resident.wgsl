// Sinkhorn for many small problems, one workgroup each, the whole loop inside.
//
// Stabilised scaling form (Schmitzer 2019): one iteration in the log domain gives
// potentials f, g and the kernel K = exp((f + g - C) / epsilon), the plan at that
// moment, which stays in workgroup memory; the iterations after it only scale its
// rows by u and columns by v, two products a piece and no exponential. When a
// scaling leaves [2^-40, 2^40], or epsilon changes, the scalings are absorbed into
// the potentials by another iteration in the log domain. Iterates are those of
// the log domain, except that a scaling that would leave the range is held at its
// end until the next test finds it: the fixed point is the same.
// Every TEST_EVERY iterations the L1 error of the source marginal is taken (the
// other is exact) and the problem leaves by itself.
//
// Empty bins are left out with GATHER (see softmin_support.wgsl for `support`).
// Memory: CELLS vec4f for K, and vectors. The potentials are weighted
// (transport/problem.wgsl).
// Error: exponent rounding when K is made, 2^-24 a product sum.
//!include transport/problem.wgsl
//!include shared/exp_sum.wgsl

struct Resident {
  zero: u32,
  rows: u32,            // dense problems: entries of the source side, of the target side
  columns: u32,
  row_stride: u32,      // step in the cost along the source side
  problem_stride: u32,
  slots: u32,
  iterations: u32,      // at most in this dispatch
  row_base: u32,        // in `support`: offsets of the source and the target side
  column_base: u32,
  row_bins: u32,        // and their bins
  column_bins: u32,
  schedule_length: u32,
  test_every: u32,
  tolerance: f32,       // 0: never leave
  padded_rows: u32,     // dense problems: entries in memory per problem
  padded_columns: u32,
}
@group(0) @binding(0) var<uniform> resident: Resident;
@group(0) @binding(1) var<storage, read_write> slots: array<Slot>;
@group(0) @binding(2) var<storage, read> cost: array<f32>;
@group(0) @binding(3) var<storage, read> source_weights: array<f32>;
@group(0) @binding(4) var<storage, read> target_weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> source: array<f32>;
@group(0) @binding(6) var<storage, read_write> target_: array<f32>;
@group(0) @binding(7) var<storage, read> support: array<u32>;
@group(0) @binding(8) var<storage, read> schedule: array<f32>;

override WORKGROUP: u32 = 64u;
// Capacities: problems may be smaller. ROWS is a multiple of four.
override ROWS: u32 = 16u;
override QUADS: u32 = 4u;
override CELLS: u32 = 64u;
override GATHER: bool = false;

const FOURS: u32 = ROWS / 4u;
const STABLE_LOW: f32 = 0x1p-40f;
const STABLE_HIGH: f32 = 0x1p40f;
// Divided by in the place of a smaller sum, which may have been flushed: the scaling is beyond STABLE_HIGH or its weight
// is next to nothing.
const SMALLEST_SUM: f32 = 0x1p-120f;

var<workgroup> kernel: array<vec4f, CELLS>;
var<workgroup> f: array<vec4f, FOURS>;
var<workgroup> u: array<vec4f, FOURS>;
var<workgroup> g: array<vec4f, QUADS>;
var<workgroup> v: array<vec4f, QUADS>;
var<workgroup> a: array<vec4f, FOURS>;
var<workgroup> b: array<vec4f, QUADS>;
var<workgroup> errors: array<f32, WORKGROUP>;
var<workgroup> unstable: atomic<u32>;
var<workgroup> header: vec3u;    // problem, status, iterations done before
var<workgroup> verdict: vec2f;   // the error, and whether a scaling has left the range

fn horizontal(x: vec4f) -> f32 { return (x.x + x.z) + (x.y + x.w); }

// Where one problem's data lie.
struct Place { row_from: u32, rows: u32, column_from: u32, columns: u32, cost_at: u32 }

fn locate(problem: u32) -> Place {
  var row_from = problem * resident.padded_rows;
  var rows = resident.rows;
  var column_from = problem * resident.padded_columns;
  var columns = resident.columns;
  if (GATHER) {
    row_from = support[resident.row_base + problem];
    rows = support[resident.row_base + problem + 1u] - row_from;
    column_from = support[resident.column_base + problem];
    columns = support[resident.column_base + problem + 1u] - column_from;
  }
  // As many as there is room for, whatever the offsets say.
  return Place(row_from, min(rows, 4u * FOURS), column_from, min(columns, 4u * QUADS),
               problem * resident.problem_stride);
}

// The cost between local row i and the four local columns of quad q; past the
// last column its own last value, which a sentinel potential then removes.
fn costs(place: Place, i: u32, q: u32) -> vec4f {
  var row = i;
  if (GATHER) { row = support[resident.row_bins + place.row_from + i]; }
  let at = place.cost_at + row * resident.row_stride;
  var c = vec4f(0.0);
  for (var k = 0u; k < 4u; k++) {
    let j = min(q * 4u + k, place.columns - 1u);
    var column = j;
    if (GATHER) { column = support[resident.column_bins + place.column_from + j]; }
    c[k] = cost[at + column];
  }
  return c;
}

// The weights of the four rows from 4 k, of the four columns from 4 q; 0 past the last.
fn source_weight(place: Place, k: u32) -> vec4f {
  var w = vec4f(0.0);
  for (var r = 0u; r < 4u; r++) {
    if (k * 4u + r < place.rows) { w[r] = source_weights[place.row_from + k * 4u + r]; }
  }
  return w;
}

fn target_weight(place: Place, q: u32) -> vec4f {
  var w = vec4f(0.0);
  for (var k = 0u; k < 4u; k++) {
    if (q * 4u + k < place.columns) { w[k] = target_weights[place.column_from + q * 4u + k]; }
  }
  return w;
}

fn log_weights(w: vec4f) -> vec4f {
  var l = vec4f(0.0);
  for (var k = 0u; k < 4u; k++) { l[k] = select(LN_ZERO, log_f32(w[k]), w[k] > 0.0); }
  return l;
}

// Potentials from scalings: x + epsilon ln(scaling), the sentinel kept.
fn absorbed(potential: f32, scaling: f32, epsilon: f32) -> f32 {
  if (potential <= 0.5 * LN_ZERO) { return LN_ZERO; }
  return potential + epsilon * log_f32(scaling);
}

// A scaling, kept in range; out of it the next test asks for an absorption.
fn stable(weight: f32, sum: f32) -> f32 {
  let scaling = divide(weight, max(sum, SMALLEST_SUM));
  if (!(scaling > STABLE_LOW && scaling < STABLE_HIGH)) {
    if (weight > 0.0) { atomicStore(&unstable, 1u); }
    return clamp(scaling, STABLE_LOW, STABLE_HIGH);
  }
  return scaling;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = resident.zero;
  let slot = group_index(group, groups);
  if (slot >= resident.slots) { return; }
  // `slots` is written below, so its loads do not count as uniform; one thread
  // reads for all.
  if (local == 0u) { header = vec3u(slots[slot].problem, slots[slot].status, slots[slot].iterations); }
  let state = workgroupUniformLoad(&header);
  if (state.y != 0u) { return; }
  let place = locate(state.x);
  let quads = (place.columns + 3u) / 4u;
  let done = state.z;

  var epsilon = schedule[min(done, resident.schedule_length - 1u)];
  for (var q = local; q < quads; q += WORKGROUP) {
    var start = vec4f(LN_ZERO);
    for (var k = 0u; k < 4u; k++) {
      if (q * 4u + k < place.columns) { start[k] = target_[place.column_from + q * 4u + k]; }
    }
    g[q] = start;
    b[q] = target_weight(place, q);
    v[q] = vec4f(1.0);
  }
  let fours = (place.rows + 3u) / 4u;
  for (var k = local; k < fours; k += WORKGROUP) {
    u[k] = vec4f(1.0);
    f[k] = vec4f(LN_ZERO);
    a[k] = source_weight(place, k);
  }
  // Rows past the last, up to a multiple of four, have no mass.
  for (var at = place.rows * quads + local; at < fours * 4u * quads; at += WORKGROUP) { kernel[at] = vec4f(0.0); }
  if (local == 0u) { atomicStore(&unstable, 0u); }
  workgroupBarrier();

  var fresh = true;
  var status = 0u;
  var error = 3e38;
  var iteration = 0u;
  loop {
    if (iteration >= resident.iterations) { break; }
    let wanted = schedule[min(done + iteration, resident.schedule_length - 1u)];
    if (fresh || wanted != epsilon) {
      // An iteration in the log domain, at the wanted epsilon.
      for (var q = local; q < quads; q += WORKGROUP) {
        let l = log_weights(b[q]);
        var p = g[q];
        for (var k = 0u; k < 4u; k++) {
          p[k] = absorbed(p[k], v[q][k], epsilon);
          if (l[k] > 0.5 * LN_ZERO) { p[k] += (wanted - epsilon) * l[k]; } else { p[k] = LN_ZERO; }
        }
        g[q] = p;
        v[q] = vec4f(1.0);
      }
      epsilon = wanted;
      let rate = divide(1.4426950408889634, epsilon);
      workgroupBarrier();
      for (var k = local; k < fours; k += WORKGROUP) {
        let weight = a[k];
        var fresh_f = vec4f(LN_ZERO);
        for (var r = 0u; r < 4u; r++) {
          let i = k * 4u + r;
          if (i >= place.rows) { break; }
          var top = vec4f(-3e38);
          for (var q = 0u; q < quads; q++) {
            // K holds -C until the potentials are known.
            let c = -costs(place, i, q);
            kernel[i * quads + q] = c;
            top = max(top, g[q] + c);
          }
          let most = max(max(top.x, top.y), max(top.z, top.w));
          var sum = vec4f(0.0);
          for (var q = 0u; q < quads; q++) {
            sum += exp2_sum(((g[q] + kernel[i * quads + q]) - most) * rate);
          }
          if (weight[r] > 0.0) { fresh_f[r] = epsilon * log_ratio(weight[r], horizontal(sum)) - most; }
        }
        f[k] = fresh_f;
        u[k] = vec4f(1.0);
      }
      workgroupBarrier();
      for (var q = local; q < quads; q += WORKGROUP) {
        var top = vec4f(-3e38);
        for (var i = 0u; i < place.rows; i++) { top = max(top, kernel[i * quads + q] + f[i / 4u][i % 4u]); }
        var sum = vec4f(0.0);
        for (var i = 0u; i < place.rows; i++) {
          sum += exp2_sum(((kernel[i * quads + q] + f[i / 4u][i % 4u]) - top) * rate);
        }
        let weight = b[q];
        var p = vec4f(LN_ZERO);
        for (var k = 0u; k < 4u; k++) {
          if (weight[k] > 0.0) { p[k] = epsilon * log_ratio(weight[k], sum[k]) - top[k]; }
        }
        g[q] = p;
        for (var i = 0u; i < place.rows; i++) {
          let at = i * quads + q;
          let e = exp2_sum(((p + kernel[at]) + f[i / 4u][i % 4u]) * rate);
          kernel[at] = select(e, vec4f(0.0), p <= vec4f(0.5 * LN_ZERO));
        }
      }
      fresh = false;
      workgroupBarrier();
    } else {
      let testing = resident.tolerance > 0.0 && (iteration % resident.test_every == 0u);
      var violation = 0.0;
      // Four rows share the loads of v, and below four columns those of u: a load
      // costs CPU drivers more than its product.
      for (var k = local; k < fours; k += WORKGROUP) {
        var s0 = vec4f(0.0);
        var s1 = vec4f(0.0);
        var s2 = vec4f(0.0);
        var s3 = vec4f(0.0);
        let at = k * 4u * quads;
        for (var q = 0u; q < quads; q++) {
          let w = v[q];
          s0 += kernel[at + q] * w;
          s1 += kernel[at + quads + q] * w;
          s2 += kernel[at + 2u * quads + q] * w;
          s3 += kernel[at + 3u * quads + q] * w;
        }
        let total = vec4f(horizontal(s0), horizontal(s1), horizontal(s2), horizontal(s3));
        let weight = a[k];
        let missing = abs(u[k] * total - weight);
        violation += (missing.x + missing.z) + (missing.y + missing.w);
        var scaling = vec4f(1.0);
        for (var r = 0u; r < 4u; r++) {
          if (weight[r] > 0.0) { scaling[r] = stable(weight[r], total[r]); }
        }
        u[k] = scaling;
      }
      if (testing) {
        errors[local] = violation;
        workgroupBarrier();
        if (local == 0u) {
          var total = 0.0;
          for (var k = 0u; k < WORKGROUP; k++) { total += errors[k]; }
          verdict = vec2f(total, f32(atomicLoad(&unstable)));
          atomicStore(&unstable, 0u);
        }
        let seen = workgroupUniformLoad(&verdict);
        error = seen.x;
        if (seen.y != 0.0) {
          fresh = true;
        } else if (error <= resident.tolerance) {
          status = 1u;
          break;
        }
      } else {
        workgroupBarrier();
      }
      for (var q = local; q < quads; q += WORKGROUP) {
        var sum = vec4f(0.0);
        for (var k = 0u; k < fours; k++) {
          let w = u[k];
          let at = k * 4u * quads + q;
          sum += (kernel[at] * w.x + kernel[at + quads] * w.y)
            + (kernel[at + 2u * quads] * w.z + kernel[at + 3u * quads] * w.w);
        }
        let weight = b[q];
        var scaling = vec4f(1.0);
        for (var k = 0u; k < 4u; k++) {
          if (weight[k] > 0.0) { scaling[k] = stable(weight[k], sum[k]); }
        }
        v[q] = scaling;
      }
      if (resident.tolerance <= 0.0 && (iteration % resident.test_every == 0u)) {
        workgroupBarrier();
        if (local == 0u) {
          verdict = vec2f(0.0, f32(atomicLoad(&unstable)));
          atomicStore(&unstable, 0u);
        }
        fresh = workgroupUniformLoad(&verdict).y != 0.0;
      } else {
        workgroupBarrier();
      }
    }
    iteration += 1u;
  }

  for (var k = local; k < fours; k += WORKGROUP) {
    for (var r = 0u; r < 4u; r++) {
      if (k * 4u + r < place.rows) {
        source[place.row_from + k * 4u + r] = absorbed(f[k][r], u[k][r], epsilon);
      }
    }
  }
  // Padding of dense problems keeps its sentinel.
  for (var q = local; q < quads; q += WORKGROUP) {
    for (var k = 0u; k < 4u; k++) {
      if (q * 4u + k < place.columns) {
        target_[place.column_from + q * 4u + k] = absorbed(g[q][k], v[q][k], epsilon);
      }
    }
  }
  if (local == 0u) {
    slots[slot].status = status;
    slots[slot].iterations = done + iteration;
    slots[slot].error = bitcast<u32>(error);
  }
}
