use kantor::*;
fn main() {
    let ctx = pollster::block_on(Context::builder().software(true).build()).unwrap();
    let mut s = 12345u64;
    let mut r = || {
        s = s.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (s >> 11) as f64 / (1u64 << 53) as f64
    };
    for (n, m, eps, empty) in
        [(3usize, 2usize, 1.0, 0.0), (33, 31, 0.05, 0.0), (7, 9, 0.1, 0.0), (100, 130, 0.1, 0.6)]
    {
        let cost: Vec<f64> = (0..n * m).map(|_| r()).collect();
        let mut w = |k: usize| {
            let mut v: Vec<f64> = (0..k)
                .map(|i| if i > 0 && r() < empty { 0.0 } else { 10f64.powf(-4.0 * r()) })
                .collect();
            let t: f64 = v.iter().sum();
            v.iter_mut().for_each(|x| *x /= t);
            v
        };
        let a = w(n);
        let b = w(m);
        for share in [0.1, 0.9] {
            for it in [1, 4] {
                let g = Geometry::cost_matrix(&cost, n, m).unwrap();
                let p = Problem::new(g, &a, &b).unwrap().partial(share).unwrap();
                let s = Sinkhorn::new(eps)
                    .tolerance(0.0)
                    .max_iterations(it)
                    .precision(Precision::Double)
                    .variant(Variant::Streaming)
                    .solve_blocking(&ctx, &p)
                    .unwrap();
                let q = s.potentials_blocking(0).unwrap();
                let f: Vec<f64> = q.f.iter().zip(&a).map(|(f, a)| f + eps * a.ln()).collect();
                let c = reference::CostMatrix::new(&cost, m);
                let soft = reference::softmin_columns(&c, &vec![1.0; m], &f, eps);
                let l = reference::multiplier(&soft, &b, share, eps);
                let worst =
                    q.g.iter()
                        .zip(&soft)
                        .zip(&b)
                        .filter(|(_, b)| **b > 0.0)
                        .map(|((g, s), _)| (g - (s - l).min(0.0)).abs())
                        .fold(0.0, f64::max);
                println!(
                    "{n} {m} {share} {it}: {} {l} worst {worst:e} mass {:?}",
                    s.multiplier(0),
                    s.mass()
                );
            }
        }
    }
}
