// Ground cost |x - y|, from the squared distance.
//!include shared/twofloat.wgsl
fn df_ground(squared: vec2f) -> vec2f {
  if (squared.x <= 0.0) { return vec2f(0.0); }
  return df_sqrt(squared);
}
