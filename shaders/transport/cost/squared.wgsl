// Ground cost |x - y|^2, from the squared distance.
fn ground(squared: vec4f) -> vec4f { return squared; }
