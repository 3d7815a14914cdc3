// What `kantor check` asks of shared/elementary.wgsl, shared/exp_sum.wgsl and the
// built-in functions: one function, chosen by the host, of an array of numbers.
// Numbers travel as bits, so that no load or store can change a subnormal one.
//!include shared/elementary.wgsl
//!include shared/exp_sum.wgsl

struct Check { zero: u32, quads: u32, function: u32, unused: u32 }
@group(0) @binding(0) var<uniform> check: Check;
@group(0) @binding(1) var<storage, read> inputs: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> outputs: array<vec4u>;

override WORKGROUP: u32 = 64u;

fn apply(x: f32) -> f32 {
  switch check.function {
    case 0u: { return exp_f32(x); }
    case 1u: { return expm1_f32(x); }
    case 2u: { return log_f32(x); }
    case 3u: { return log1p_f32(x); }
    case 4u: { return exp2_sum_scalar(x); }
    case 6u: { return exp(x); }
    case 7u: { return exp2(x); }
    case 8u: { return log(x); }
    case 9u: { return sqrt(x); }
    default: { return reciprocal(x); }
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= check.quads) { return; }
  runtime_zero = check.zero;
  let x = bitcast<vec4f>(inputs[i]);
  var y = vec4f(0.0);
  if (check.function == 5u) {
    y = exp2_sum(x);
  } else {
    y = vec4f(apply(x.x), apply(x.y), apply(x.z), apply(x.w));
  }
  outputs[i] = bitcast<vec4u>(y);
}
