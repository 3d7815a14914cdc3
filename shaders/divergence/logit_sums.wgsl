// Log-normalisers of pairs of logit rows, and the sums from which their KL divergences follow in one pass:
// S_p = sum e^(a - M), X_p = sum e^(a - M) (a - b) with its terms' sizes Y_p, and the same of q with b - a.
//
// Method. Online, with the references M whole numbers that are raised only when a logit is more than 4 above: hardly ever,
// and each time the sums lose one rounding. KL = X_p/S_p - (ln-normaliser of p - ln-normaliser of q); the host takes it
// where that difference is not small beside Y_p/S_p, and runs `compare` otherwise.
// Error: S 2^-23, X 2^-22 of Y.
//!include divergence/rows.wgsl
//!include divergence/segment.wgsl

@group(0) @binding(6) var<storage, read_write> sums: array<vec2f>;

override PRODUCTS: bool = true;

const SLOTS: u32 = 8u;

// Sums of one row relative to e^reference: in blocks, and of blocks.
struct Online { reference: f32, block: vec4f, products: vec4f, sizes: vec4f, sum: vec2f, product: vec2f, size: vec2f }

fn raised(given: Online, largest: f32) -> Online {
  var o = given;
  let reference = ceil(largest);
  let factor = exp4(vec4f(max(o.reference - reference, -1e4)), vec4f(0.0)).x;
  o.reference = reference;
  o.block *= factor;
  o.products *= factor;
  o.sizes *= factor;
  o.sum *= factor;
  o.product *= factor;
  o.size *= factor;
  return o;
}

fn added(given: Online, x: Sum4, apart: vec4f) -> Online {
  var o = given;
  let largest = max(max(x.sum.x, x.sum.y), max(x.sum.z, x.sum.w));
  if (largest > o.reference + 4.0) { o = raised(o, largest); }
  let e = exp4(x.sum - o.reference, x.error);
  o.block += e;
  if (PRODUCTS) {
    let term = e * apart;
    o.products += term;
    o.sizes += abs(term);
  }
  return o;
}

fn folded(given: Online) -> Online {
  var o = given;
  o.sum = gather(o.sum, total(o.block));
  o.block = vec4f(0.0);
  if (PRODUCTS) {
    o.product = gather(o.product, total(o.products));
    o.size = gather(o.size, total(o.sizes));
    o.products = vec4f(0.0);
    o.sizes = vec4f(0.0);
  }
  return o;
}

// All lanes relative to the largest of their references.
fn agreed(local: u32, given: Online) -> Online {
  workgroupBarrier();
  sum_scratch[local] = vec4f(given.reference, 0.0, 0.0, 0.0);
  workgroupBarrier();
  let first = local - local % LANES;
  var largest = given.reference;
  for (var k = 0u; k < LANES; k++) { largest = max(largest, sum_scratch[first + k].x); }
  return raised(given, largest);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let unit = (group_index(group, groups) * WORKGROUP + local) / LANES;
  let lane = local % LANES;
  let live = unit < params.items * params.segments;
  let none = Online(LOG_OF_NOTHING, vec4f(0.0), vec4f(0.0), vec4f(0.0), vec2f(0.0), vec2f(0.0), vec2f(0.0));
  var p = none;
  var q = none;
  var flags = 0u;
  if (live) {
    let item = items[unit / params.segments];
    let span = segment(unit % params.segments);
    for (var block = span.x + lane; block < span.y; block += 16u * LANES) {
      var p_screen = unseen();
      var q_screen = unseen();
      let until = min(block + 16u * LANES, span.y);
      for (var quad = block; quad < until; quad += LANES) {
        let p_bits = load_p(item.at.x, quad);
        let q_bits = load_q(item.at.y, quad);
        p_screen = screened(p_screen, p_bits);
        q_screen = screened(q_screen, q_bits);
        let a = tempered(unscreened(p_bits), params.inverse_temperatures.xy);
        let b = tempered(unscreened(q_bits), params.inverse_temperatures.zw);
        let apart = (a.sum - b.sum) + (a.error - b.error);
        p = added(p, a, apart);
        q = added(q, b, -apart);
      }
      p = folded(p);
      q = folded(q);
      flags |= bit_if(BAD_P, saw_bad(p_screen)) | bit_if(BAD_Q, saw_bad(q_screen));
      if (saw_empty(p_screen) || saw_empty(q_screen)) {
        for (var quad = block; quad < until; quad += LANES) {
          flags |= lone(load_p(item.at.x, quad), load_q(item.at.y, quad));
        }
      }
    }
  }
  if (LANES > 1u) {
    p = agreed(local, p);
    q = agreed(local, q);
    p.sum = sum_lanes_double(local, LANES, p.sum);
    q.sum = sum_lanes_double(local, LANES, q.sum);
    if (PRODUCTS) {
      p.product = sum_lanes_double(local, LANES, p.product);
      p.size = sum_lanes_double(local, LANES, p.size);
      q.product = sum_lanes_double(local, LANES, q.product);
      q.size = sum_lanes_double(local, LANES, q.size);
    }
    flags = any_lanes(local, LANES, flags);
  }
  if (live && lane == 0u) {
    let at = unit * SLOTS;
    sums[at] = vec2f(p.reference, q.reference);
    sums[at + 1u] = p.sum;
    sums[at + 2u] = q.sum;
    sums[at + 3u] = p.product;
    sums[at + 4u] = p.size;
    sums[at + 5u] = q.product;
    sums[at + 6u] = q.size;
    sums[at + 7u] = vec2f(f32(flags), 0.0);
  }
}
