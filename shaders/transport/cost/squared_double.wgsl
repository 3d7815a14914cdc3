// Ground cost |x - y|^2, from the squared distance.
fn df_ground(squared: vec2f) -> vec2f { return squared; }
