// Ground cost |x - y|, from the squared distance. Error: that of the root, 1 ulp.
fn ground(squared: vec4f) -> vec4f { return sqrt(squared); }
