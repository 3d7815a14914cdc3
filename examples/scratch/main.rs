use kantor::*;
fn main() {
    let ctx = pollster::block_on(Context::builder().software(true).build()).unwrap();
    println!("{:?}", ctx.adapter().name);
    for c in [0.7f64] { for eps in [1e-3, 0.1] {
    let g = Geometry::cost_matrix(&[c], 1, 1).unwrap();
    let p = Problem::new(g, &[1.0, 1.0], &[1.0, 1.0]).unwrap().normalized();
    for (name, p) in [("no start", p.clone()), ("start", p.starting_from(&[0.3, -0.1]).unwrap())] {
    for (ctx, v) in [(ctx.clone(), Variant::Streaming), (Context::cpu(), Variant::Auto)] {
        let s = Sinkhorn::new(eps).tolerance(0.0).max_iterations(1).variant(v).solve_blocking(&ctx, &p).unwrap();
        let q = s.potentials_blocking(0).unwrap();
        println!("{name} {eps} {:?} {q:?} {:?} {:?} {:?}", s.variant(), s.transport_cost(), s.regularized_cost(), s.entropy_cost());
    }}
    }}
    let g = Geometry::cost_matrix(&[0.0, 1.0, 0.5, 0.2], 2, 2).unwrap();
    let p = Problem::new(g, &[0.7, 0.3], &[0.4, 0.8]).unwrap().partial(0.6).unwrap();
    for it in [1,2,3,5,10,50] { for (ctx, v) in [(ctx.clone(), Precision::Single),(ctx.clone(), Precision::Double), (Context::cpu(), Precision::Double)] {
        let s = Sinkhorn::new(0.2).tolerance(0.0).max_iterations(it).precision(v).solve_blocking(&ctx, &p).unwrap();
        println!("{it} {:?} {:?} {:?} {:?} {:?} {:?}", s.variant(), s.mass(), s.marginal_error(), s.multiplier(0), s.potentials_blocking(0).unwrap(), s.regularized_cost());
    }}
}
