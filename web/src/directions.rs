//! von Mises-Fisher distributions on WebGPU against the f64 twin: fits in both precisions, densities, a mixture.

use crate::Demo;
use kantor::{Context, Directions, Error, Precision, VonMisesFisher, VonMisesFisherMixture};

/// 300 directions in 20 dimensions around the first axis, and 200 around the second.
pub async fn against_twin(gpu: &Context, twin: &Context, demo: &mut Demo) -> Result<(), Error> {
    let p = 20;
    let around = |axis: usize, n: usize| -> Result<Vec<f64>, Error> {
        let mean: Vec<f64> = (0..p).map(|k| f64::from(u8::from(k == axis))).collect();
        Ok(VonMisesFisher::new(&mean, 80.0)?.sample(n, axis as u64))
    };
    let rows = [around(0, 300)?, around(1, 200)?].concat();
    let (here, there) =
        (Directions::new(gpu, &rows, p).await?, Directions::new(twin, &rows, p).await?);

    let exact = VonMisesFisher::fit(&there, Precision::Double).await?;
    for (name, precision, share) in
        [("single", Precision::Single, 1e-5), ("double", Precision::Double, 1e-9)]
    {
        let fit = VonMisesFisher::fit(&here, precision).await?;
        let kappa = exact.distribution().concentration();
        let quantity = format!("concentration, {name}");
        demo.compare(
            "500 directions",
            &quantity,
            fit.distribution().concentration(),
            kappa,
            share * kappa,
        );
        let density = |values: Vec<f64>| values.iter().sum::<f64>();
        let got = density(exact.distribution().log_density(&here, precision).await?);
        let expected = density(exact.distribution().log_density(&there, precision).await?);
        let quantity = format!("sum of log-densities, {name}");
        demo.compare("500 directions", &quantity, got, expected, share * expected.abs().max(1.0));
    }
    let mixture = VonMisesFisherMixture::new(2);
    let (got, expected) = (mixture.fit(&here).await?, mixture.fit(&there).await?);
    let size = expected.log_likelihood();
    demo.compare("mixture of 2", "log-likelihood", got.log_likelihood(), size, 1e-5 * size.abs());
    let largest = got.weights().iter().copied().fold(0.0, f64::max);
    demo.compare("mixture of 2", "larger weight", largest, 0.6, 0.01);
    Ok(())
}
