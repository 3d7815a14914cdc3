// bias_k - kappa_k |x_i / |x_i| - mu_k|^2 / 2 of rows i and components k: with ln C + kappa for the bias the log-density.
// The distance does not cancel where the density is high, as kappa (<x, mu> - 1) would.
//
// Method. LANES threads share a row and take up to four components at a time, in f32 with sums of 16 quads added up once
// more, or one component in double-float. PICK: every row has one component, the one that its label names.
// Output: component after component, rows beside each other; high words, then low words.
// Error: 2^-21 of kappa |x - mu|^2 / 2 and 2^-24 of the bias; in double-float 2^-44 and 2^-46.
//!include vmf/rows.wgsl
//!include shared/sum.wgsl
//!include shared/sum_double.wgsl

@group(0) @binding(3) var<storage, read> norms: array<vec4f>;
@group(0) @binding(4) var<storage, read> means: array<vec4f>;
@group(0) @binding(5) var<storage, read> parts: array<vec4f>;
@group(0) @binding(6) var<storage, read> labels: array<u32>;
@group(0) @binding(7) var<storage, read_write> logs: array<f32>;

override LANES: u32 = 1u;
override COMPONENTS: u32 = 1u;
override SCALED: bool = false;
override PICK: bool = false;

fn store(component: u32, row: u32, half_square: f32) {
  if (component < params.sums || PICK) {
    var part = component;
    var at = component * params.span + row - params.first;
    if (PICK) {
      part = labels[row];
      at = row - params.first;
    }
    logs[at] = parts[part].z - parts[part].x * half_square;
  }
}

// |x f - m|^2 of one component, f and m in double-float.
fn square_of(x: f32, y: f32, f: vec2f, m: vec2f) -> vec2f {
  var unit = vec2f(0.0);
  if (LOW) { unit = df_mul(f, vec2f(x, y)); } else { unit = df_mul_f32(f, x); }
  let d = df_sub(unit, m);
  let square = two_prod(d.x, d.x);
  return vec2f(square.x, square.y + 2.0 * d.x * d.y);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let place = group_index(group, groups);
  let row = params.first + (place % params.blocks) * (WORKGROUP / LANES) + local / LANES;
  let k = (place / params.blocks) * COMPONENTS;
  let lane = local % LANES;
  let live = row < params.until && k < params.sums;
  let step = params.quads;
  var mean = k * step;
  if (PICK && live) { mean = labels[row] * step; }

  if (DOUBLE) {
    var sum = vec2f(0.0);
    if (live) {
      let norm = norms[row];
      for (var q = lane; q < params.quads; q += LANES) {
        var x = load(row, q);
        var y = load_low(row, q);
        if (SCALED) {
          x = scaled(x, norm.z);
          y *= norm.z;
        }
        let m = means[mean + q];
        let n = means[params.input_low + mean + q];
        sum = accumulate(sum, square_of(x.x, y.x, norm.xy, vec2f(m.x, n.x)));
        sum = accumulate(sum, square_of(x.y, y.y, norm.xy, vec2f(m.y, n.y)));
        sum = accumulate(sum, square_of(x.z, y.z, norm.xy, vec2f(m.z, n.z)));
        sum = accumulate(sum, square_of(x.w, y.w, norm.xy, vec2f(m.w, n.w)));
      }
    }
    if (LANES > 1u) { sum = sum_lanes_double(local, LANES, sum); }
    if (live && lane == 0u) {
      var part = parts[k];
      var at = k * params.span + row - params.first;
      if (PICK) {
        part = parts[labels[row]];
        at = row - params.first;
      }
      let log = df_sub(part.zw, df_mul(part.xy, 0.5 * sum));
      logs[at] = log.x;
      logs[params.low + at] = log.y;
    }
    return;
  }

  var squares = vec4f(0.0);
  if (live) {
    let norm = norms[row];
    let second = k + 1u < params.sums;
    let third = k + 2u < params.sums;
    let fourth = k + 3u < params.sums;
    for (var from_quad = lane; from_quad < params.quads; from_quad += 16u * LANES) {
      var a = vec4f(0.0);
      var b = vec4f(0.0);
      var c = vec4f(0.0);
      var d = vec4f(0.0);
      let until = min(from_quad + 16u * LANES, params.quads);
      for (var q = from_quad; q < until; q += LANES) {
        var x = load(row, q);
        if (SCALED) { x = scaled(x, norm.z); }
        x *= norm.x;
        let e = x - means[mean + q];
        a += e * e;
        if (COMPONENTS > 1u && second) {
          let e = x - means[mean + step + q];
          b += e * e;
        }
        if (COMPONENTS > 2u && third) {
          let e = x - means[mean + 2u * step + q];
          c += e * e;
        }
        if (COMPONENTS > 3u && fourth) {
          let e = x - means[mean + 3u * step + q];
          d += e * e;
        }
      }
      squares.x += (a.x + a.y) + (a.z + a.w);
      squares.y += (b.x + b.y) + (b.z + b.w);
      squares.z += (c.x + c.y) + (c.z + c.w);
      squares.w += (d.x + d.y) + (d.z + d.w);
    }
  }
  if (LANES > 1u) { squares = sum_lanes(local, LANES, squares); }
  if (live && lane == 0u) {
    store(k, row, 0.5 * squares.x);
    if (COMPONENTS > 1u) { store(k + 1u, row, 0.5 * squares.y); }
    if (COMPONENTS > 2u) { store(k + 2u, row, 0.5 * squares.z); }
    if (COMPONENTS > 3u) { store(k + 3u, row, 0.5 * squares.w); }
  }
}
