// Where no user has given one: f(r) = (sqrt r - 1)^2.
fn generator(r: f32) -> f32 { return (sqrt(r) - 1.0) * (sqrt(r) - 1.0); }
fn generator_slope(r: f32) -> f32 { return 1.0 - reciprocal(sqrt(r)); }
