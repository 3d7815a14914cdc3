// The gradient of an entropy of rows of weights, or of any order, with respect to the numbers the rows are made of.
//
// Method. With d = ln(bin/largest bin) and h = -d, or (1 - e^((a-1) d))/(a - 1) of order a (member.x, and in member.w what
// f32 left of it): of weights x h - y, of logits x e^d h - y e^d; `entropy` has left the scalars x and y of a row. h is
// taken from series that do not cancel where bins are nearly equal. An empty bin of weights has the slope's limit, or
// where there is none the slope of one 2^-100 of the largest; other bins are not below that.
// Error: 2e-6 of the row's largest.
//!include divergence/rows.wgsl

// x, y in double-float; the temperature's inverse in double-float.
struct Scalars { form: vec4f, rate: vec4f }

@group(0) @binding(6) var<storage, read> scalars: array<Scalars>;
@group(0) @binding(7) var<storage, read_write> gradient: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> gradient_words: array<f32>;

override ORDER: bool = false;
override ALIGNED_OUT: bool = true;

const EMPTY: f32 = 0x1p-100f;
const LARGEST: f32 = 0x1.fffffep+127f;

// 1 / b to a half ulp: slopes nearly cancel with the row's mean, which knows nothing of a rough reciprocal's error.
fn rounded_reciprocal(b: f32) -> f32 {
  return df_reciprocal(vec2f(b, 0.0)).x;
}

// d of weights, of which the largest is `most`, the inverse of `inverse`.
fn log_of_weights(a: vec4f, most: f32, inverse: f32) -> vec4f {
  let ratio = clamp(a * inverse, vec4f(EMPTY), vec4f(1.0));
  let gap = clamp((most - a) * inverse, vec4f(0.0), vec4f(1.0));
  return -(gap + rest_of_ratio4(ratio, gap));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let unit = (group_index(group, groups) * WORKGROUP + local) / LANES;
  let lane = local % LANES;
  if (unit >= params.items * params.segments) { return; }
  let item = items[unit / params.segments];
  let row = scalars[unit / params.segments];
  let first = (unit % params.segments) * params.quads;
  let until = min(first + params.quads, (params.columns + 3u) / 4u);
  let alpha = params.member.x;
  let e = params.member.y;
  let inverse = rounded_reciprocal(clamp(item.reference.x, 0x1p-120f, 0x1p120f));
  let rate = rounded_reciprocal(select(1.0, params.member.z, ORDER && !LOGITS));
  for (var quad = first + lane; quad < until; quad += LANES) {
    let bits = load_p(item.at.x, quad);
    let a = max(number(bits), vec4f(LOG_OF_NOTHING));
    var result = vec4f(0.0);
    if (LOGITS) {
      let apart = two_sum4(a, vec4f(-item.reference.x));
      let scaled = two_prod4(apart.sum, row.rate.xy);
      let d = Sum4(max(scaled.sum, vec4f(-1e6)), scaled.error + apart.error * row.rate.x);
      let x = exp4(d.sum, d.error);
      var flow = -x * (d.sum + d.error);
      if (ORDER) {
        var base = x;
        if (alpha < 1.0) {
          let power = two_prod4(d.sum, vec2f(alpha, params.member.w));
          base = exp4(power.sum, power.error + alpha * d.error);
        }
        flow = base * divide4(falling4(-e * d.sum, -e * d.error).gap, vec4f(e));
        flow = select(vec4f(0.0), flow, a > vec4f(LOG_OF_NOTHING));
      }
      result = (row.form.x * flow - row.form.y * x) - row.form.z * x;
    } else {
      let d = log_of_weights(a, item.reference.x, inverse);
      var slope = -d;
      if (ORDER) {
        let has_limit = is_empty(bits) & vec4<bool>(params.member.z > 0.0);
        let falling = falling4(-params.member.z * select(d, vec4f(-1e6), has_limit), vec4f(0.0));
        slope = select(falling.gap * rate, vec4f(rate), has_limit);
      }
      // Of small weights with empty bins it may be beyond f32.
      result = clamp(row.form.x * slope - row.form.y, vec4f(-LARGEST), vec4f(LARGEST));
    }
    if (ALIGNED_OUT) {
      gradient[item.at.z / 4u + quad] = result;
    } else {
      let at = item.at.z + 4u * quad;
      let left = params.columns - 4u * quad;
      gradient_words[at] = result.x;
      if (left > 1u) { gradient_words[at + 1u] = result.y; }
      if (left > 2u) { gradient_words[at + 2u] = result.z; }
      if (left > 3u) { gradient_words[at + 3u] = result.w; }
    }
  }
}
