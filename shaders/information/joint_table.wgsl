// What every row of a joint table w adds to its mutual information and conditional entropies.
//
// Method. With marginals r, c and total S: the information as the divergence of w from rc/S, whose terms are never
// negative, rc g(t) with g(t) = (1 + t) ln(1 + t) - t and rc t = wS - rc. The products are formed without error and their
// difference is rounded once, so that a table next to independence keeps its digits; errors of r, c and S are felt in
// second order only. By s = t/(2 + t): rc g(t) = 2M s^2 (1 + (1 + s) s P(s^2)) with M the mean of wS and rc and
// P(z) = 1/3 + z/5 + z^2/7 + ..., for |s| up to 1/2 (a Remez-like fit) and in double-float 1/7; beyond,
// wS ln(wS/rc) - (wS - rc). Rows are multiplied by a power of two. Entropies: see kept_sum.wgsl.
// Output: of every block of a row high, then low words of (sum of rc g, sum of -w ln(w/c), sum of -w ln(w/r), 0).
// Error: 2^-20 of each; in double-float 2^-42, and 2^-70 of sqrt(information).
//!include information/cells.wgsl

@group(0) @binding(2) var<storage, read> row_sums: array<vec4f>;
@group(0) @binding(3) var<storage, read> column_sums: array<vec4f>;
@group(0) @binding(4) var<storage, read> totals: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> terms: array<vec4f>;

// w s - r c, relative to w s: 2^-45, in double-float 2^-70.
fn difference(w: vec2f, s: vec2f, r: vec2f, c: vec2f) -> vec2f {
  if (!DOUBLE) { return df_sub(df_mul(w, s), df_mul(r, c)); }
  let a = two_prod(w.x, s.x);
  let b = two_prod(r.x, c.x);
  let a1 = two_prod(w.x, s.y);
  let b1 = two_prod(r.x, c.y);
  let a2 = two_prod(w.y, s.x);
  let b2 = two_prod(r.y, c.x);
  let first = df_add(two_sum(a1.x, -b1.x), two_sum(a2.x, -b2.x));
  let second = df_add(first, two_sum(a.y, -b.y));
  let third = keep((a1.y - b1.y) + (a2.y - b2.y)) + keep(w.y * s.y - r.y * c.y);
  return df_add(two_sum(a.x, -b.x), df_add_f32(second, third));
}

// r c g(t), one row multiplied by a power of two.
fn information(w: vec2f, s: vec2f, r: vec2f, c: vec2f) -> vec2f {
  let d = difference(w, s, r, c);
  if (DOUBLE) {
    let rc = df_mul(r, c);
    let both = df_add(rc + rc, d);
    let t = df_div(d, both);
    if (abs(t.x) < 0.14) {
      let z = df_mul(t, t);
      let tail = z.x * (0x1.c71c72p-4f + z.x * (0x1.745d18p-4f + z.x * (0x1.3b13b2p-4f + z.x * 0x1.111112p-4f)));
      let p7 = quick_two_sum(0x1.24924ap-3f, tail);
      let p5 = df_horner(vec2f(p7.x, p7.y - 0x1.b6db6ep-28f), z, vec2f(0x1.99999ap-3f, -0x1.99999ap-29f));
      let p3 = df_horner(p5, z, vec2f(0x1.555556p-2f, -0x1.555556p-27f));
      let inner = df_mul(df_mul(df_add_f32(t, 1.0), t), p3);
      return df_mul(df_mul(both, z), df_add_f32(inner, 1.0));
    }
    if (w.x == 0.0) { return rc; }
    let ws = df_mul(w, s);
    return df_sub(df_mul(ws, df_log(df_div(ws, rc))), d);
  }
  let rc = r.x * c.x;
  let ws = w.x * s.x;
  let both = ws + rc;
  let t = divide(d.x, both);
  if (abs(t) < 0.5) {
    let z = t * t;
    let p = 0x1.555554p-2f + z * (0x1.999c14p-3f + z * (0x1.242056p-3f
      + z * (0x1.d5ce5cp-4f + z * (0x1.09f92cp-4f + z * 0x1.4298b2p-3f))));
    return vec2f(both * z * (1.0 + (1.0 + t) * t * p), 0.0);
  }
  if (w.x == 0.0) { return vec2f(rc, 0.0); }
  return vec2f(ws * log_f32(divide(ws, rc)) - d.x, 0.0);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let item = item_of(group, groups, local);
  let live = item < params.until;
  var shared_information = vec2f(0.0);
  var given_column = vec2f(0.0);
  var given_row = vec2f(0.0);
  if (live) {
    let line = item / params.blocks;
    let block = item % params.blocks;
    let table = line / params.rows;
    let base = (params.table * params.rows + line) * params.columns;
    let row = row_sums[line];
    let r = total(row);
    let s = total(totals[table]);
    // 2^-e of r = 2^e (1 + f): both ends are normal, since r is between 2^-75 and 2^65.
    let exponent = clamp(bitcast<u32>(r.x) >> 23u, 52u, 202u);
    let scale = bitcast<f32>((254u - exponent) << 23u);
    let end = min((block + 1u) * params.block, params.columns);
    if (r.x > 0.0) {
      // Sums of sixteen terms in f32, added up in double-float.
      for (var begin = block * params.block + local % LANES; begin < end; begin += 16u * LANES) {
        var few = vec3f(0.0);
        let stop = min(begin + 16u * LANES, end);
        for (var k = begin; k < stop; k += LANES) {
          let column = column_sums[table * params.columns + k];
          let c = total(column);
          if (c.x == 0.0) { continue; }
          let w = cell(base + k);
          let x = information(w * scale, s, r * scale, c);
          var y = vec2f(0.0);
          var z = vec2f(0.0);
          if (w.x > 0.0) {
            y = times(w, log_share(w, column));
            z = times(w, log_share(w, row));
          }
          if (DOUBLE) {
            shared_information = df_add(shared_information, x);
            given_column = df_add(given_column, y);
            given_row = df_add(given_row, z);
          } else {
            few += vec3f(x.x, y.x, z.x);
          }
        }
        if (!DOUBLE) {
          shared_information = df_add_f32(shared_information, few.x);
          given_column = df_add_f32(given_column, few.y);
          given_row = df_add_f32(given_row, few.z);
        }
      }
      shared_information *= bitcast<f32>(exponent << 23u);
    }
  }
  if (LANES > 1u) {
    shared_information = sum_lanes_double(local, LANES, shared_information);
    given_column = sum_lanes_double(local, LANES, given_column);
    given_row = sum_lanes_double(local, LANES, given_row);
  }
  if (live && local % LANES == 0u) {
    terms[2u * item] = vec4f(shared_information.x, given_column.x, given_row.x, 0.0);
    terms[2u * item + 1u] = vec4f(shared_information.y, given_column.y, given_row.y, 0.0);
  }
}
