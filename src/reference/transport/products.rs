//! Sums of products.

/// Lanes of a sum of products.
const LANES: usize = 4;

#[inline(always)]
fn lanes_up([a, b, c, d]: [f64; LANES]) -> f64 {
    (a + c) + (b + d)
}

/// Σ k v.
#[inline(always)]
pub(super) fn product(k: &[f64], v: &[f64]) -> f64 {
    let (k, v) = (k.chunks_exact(LANES), v.chunks_exact(LANES));
    let rest: f64 = k.remainder().iter().zip(v.remainder()).map(|(k, v)| k * v).sum();
    let mut lanes = [0.0; LANES];
    for (k, v) in k.zip(v) {
        for (lane, (k, v)) in lanes.iter_mut().zip(k.iter().zip(v)) {
            *lane += k * v;
        }
    }
    lanes_up(lanes) + rest
}

/// Σ k v of four rows at a time, each as [`product`] sums it: v is read once.
#[inline(always)]
pub(super) fn four_products(rows: [&[f64]; 4], v: &[f64]) -> [f64; 4] {
    let rest = |k: &[f64]| -> f64 {
        let at = v.len() / LANES * LANES;
        k[at..].iter().zip(&v[at..]).map(|(k, v)| k * v).sum()
    };
    let mut lanes = [[0.0; LANES]; 4];
    let [k0, k1, k2, k3] = rows.map(|k| k.chunks_exact(LANES));
    for ((v, (k0, k1)), (k2, k3)) in v.chunks_exact(LANES).zip(k0.zip(k1)).zip(k2.zip(k3)) {
        for l in 0..LANES {
            lanes[0][l] += k0[l] * v[l];
            lanes[1][l] += k1[l] * v[l];
            lanes[2][l] += k2[l] * v[l];
            lanes[3][l] += k3[l] * v[l];
        }
    }
    // One by one: a loop of calls is one for the compiler.
    [
        lanes_up(lanes[0]) + rest(rows[0]),
        lanes_up(lanes[1]) + rest(rows[1]),
        lanes_up(lanes[2]) + rest(rows[2]),
        lanes_up(lanes[3]) + rest(rows[3]),
    ]
}
