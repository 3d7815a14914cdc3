// The weighted sum of the predictions of rows of logits: sum w softmax(a/T) of every column, over blocks of rows.
//
// Method. A thread has four columns and `quads` rows, which it adds up one after the other in double-float, so that the
// sum repeats to the bit. Each term is exp((a - M)/T + c) with M the row's largest logit and c = ln w - ln sum
// exp((a - M)/T), both from the host: the difference and its product with 1/T are taken without error, and no weight
// is rounded by itself.
// Output: of every block the sums and what they lack, four columns each.
// Error: 2e-7 of each term; terms below 1e-37 are 0. A column that some row has is never 0, but at least 2^-126.
//!include divergence/rows.wgsl

@group(0) @binding(6) var<storage, read_write> sums: array<vec4f>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let unit = group_index(group, groups) * WORKGROUP + local;
  let row_quads = (params.columns + 3u) / 4u;
  if (unit >= params.segments * row_quads) { return; }
  let quad = unit % row_quads;
  let first = (unit / row_quads) * params.quads;
  let until = min(first + params.quads, params.items);
  let rate = params.inverse_temperatures.xy;
  var sum = vec4f(0.0);
  var rest = vec4f(0.0);
  var has = vec4<bool>(false);
  for (var row = first; row < until; row++) {
    let item = items[row];
    let bits = load_p(item.at.x, quad);
    has = has | !is_empty(bits);
    let a = max(number(bits), vec4f(LOG_OF_NOTHING));
    let apart = two_sum4(a, vec4f(-item.reference.x));
    let scaled = two_prod4(apart.sum, rate);
    let d = two_sum4(scaled.sum, vec4f(item.reference.z));
    let e = exp4(d.sum, d.error + (scaled.error + apart.error * rate.x + item.reference.w));
    let joined = two_sum4(sum, e);
    sum = joined.sum;
    rest += joined.error;
  }
  sums[2u * unit] = select(sum, vec4f(0x1p-126f), has & (sum < vec4f(0x1p-126f)));
  sums[2u * unit + 1u] = rest;
}
