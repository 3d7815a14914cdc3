// What `kantor check` asks of shared/twofloat.wgsl: one operation, chosen by the
// host, on an array of pairs (a, b) of double-floats. `_f32` operations take the
// high word of b; functions of one argument take a.
//!include shared/twofloat.wgsl

struct Check { zero: u32, count: u32, operation: u32, unused: u32 }
@group(0) @binding(0) var<uniform> check: Check;
@group(0) @binding(1) var<storage, read> pairs: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> results: array<vec2f>;

override WORKGROUP: u32 = 64u;

// Its two words must not be added before the error of a sum is there.
const CONSTANT: vec2f = vec2f(0x1.4fcf4p-1f, 0x1.357d16p-28f);

fn apply(a: vec2f, b: vec2f) -> vec2f {
  switch check.operation {
    case 0u: { return two_sum(a.x, b.x); }
    case 1u: { return two_prod(a.x, b.x); }
    case 2u: { return df_add(a, b); }
    case 3u: { return df_sub(a, b); }
    case 4u: { return df_add_f32(a, b.x); }
    case 5u: { return df_mul(a, b); }
    case 6u: { return df_mul_f32(a, b.x); }
    case 7u: { return df_div(a, b); }
    case 8u: { return df_sqrt(a); }
    case 9u: { return df_exp(a); }
    case 10u: { return df_expm1(a); }
    case 11u: { return df_log(a); }
    case 12u: { return df_log1p(a); }
    case 13u: { return df_add_f32(CONSTANT, b.x); }
    case 14u: { return df_mul_add(a, b, CONSTANT); }
    default: { return df_reciprocal(a); }
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= check.count) { return; }
  runtime_zero = check.zero;
  let pair = pairs[i];
  results[i] = apply(pair.xy, pair.zw);
}
