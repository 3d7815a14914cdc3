use kantor::*;
fn main() {
    let ctx = pollster::block_on(Context::builder().software(true).build()).unwrap();
    let mut s = 12345u64;
    let mut r = || {
        s = s.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (s >> 11) as f64 / (1u64 << 53) as f64
    };
    let (n, m) = (37, 22);
    let cost: Vec<f64> = (0..n * m).map(|_| r()).collect();
    let a: Vec<f64> = (0..n).map(|_| r()).collect();
    let b: Vec<f64> = (0..m).map(|_| r()).collect();
    let less = a.iter().sum::<f64>().min(b.iter().sum());
    for share in [0.1, 0.6, 0.95] {
        let g = Geometry::cost_matrix(&cost, n, m).unwrap();
        let p = Problem::new(g, &a, &b).unwrap().partial(share * less).unwrap();
        for it in [1, 2, 3, 5, 10, 50] {
            for (ctx, v) in [
                (ctx.clone(), Precision::Single),
                (ctx.clone(), Precision::Double),
                (Context::cpu(), Precision::Double),
            ] {
                let s = Sinkhorn::new(0.05)
                    .tolerance(0.0)
                    .max_iterations(it)
                    .precision(v)
                    .solve_blocking(&ctx, &p)
                    .unwrap();
                let q = s.potentials_blocking(0).unwrap();
                println!(
                    "{share} {it} {:?} {} {:?} {:?} {:?} {:?} f {:?}",
                    s.variant(),
                    share * less,
                    s.mass(),
                    s.marginal_error(),
                    s.multiplier(0),
                    s.regularized_cost(),
                    &q.g[..3]
                );
            }
        }
    }
}
