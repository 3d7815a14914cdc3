// The fitted distribution beside the one that the directions were drawn from, on the sphere in three dimensions.
import { withPower } from '../shared/notation.js';

const show = (id, text) => { document.getElementById(id).textContent = text; };

// A′(κ) of A(κ) = coth κ − 1/κ; its two terms cancel where κ is small.
function slope(kappa) {
  return kappa < 0.05 ? 1 / 3 - kappa ** 2 / 15 : 1 / kappa ** 2 - 1 / Math.sinh(kappa) ** 2;
}

// `likelihood` is that of the population.
export function showFit(population, { distribution, meanResultantLength, logLikelihood, isUniform, isPointMass }, n, likelihood) {
  const truth = population.mean;
  const kappa = population.concentration;
  const fitted = distribution.concentration;
  const error = 1 / Math.sqrt(n * slope(fitted));
  const chord = Math.hypot(...truth.map((x, k) => x - distribution.mean[k]));
  const degrees = (angle) => `${withPower(String(Number(((angle * 180) / Math.PI).toPrecision(3))))}°`;
  const six = (value) => (Number.isFinite(value) ? withPower(String(Number(value.toPrecision(6)))) : value > 0 ? '∞' : '−∞');
  show('true-kappa', six(kappa));
  show('fitted-kappa', six(fitted));
  show('error-kappa', isPointMass ? '—' : `± ${Number(error.toPrecision(2))}`);
  show('true-length', six(population.meanResultantLength));
  show('fitted-length', six(meanResultantLength));
  show('angle', isUniform ? '—' : degrees(2 * Math.asin(Math.min(1, chord / 2))));
  const usual = Math.sqrt(2 / (n * kappa * population.meanResultantLength));
  show('usual-angle', usual < 0.6 ? `usually ${degrees(usual)}` : 'any');
  show('true-likelihood', six(likelihood));
  show('fitted-likelihood', six(logLikelihood));
  show('true-entropy', six(population.entropy));
  show('fitted-entropy', six(distribution.entropy));
  show('kl', six(population.klDivergence(distribution)));
  show('words', verdict(kappa, fitted, error, n, isUniform, isPointMass));
}

function verdict(kappa, fitted, error, n, isUniform, isPointMass) {
  if (isPointMass && n === 1) return 'One direction says nothing of spread: its likeliest distribution is a point mass, κ = ∞.';
  if (isPointMass) return 'All directions are one to rounding: the likeliest distribution is a point mass, κ = ∞.';
  if (isUniform) return 'The directions cancel to rounding: the likeliest distribution is uniform, κ = 0.';
  if (kappa === 0) return `The truth is uniform. Chance alone leaves a fitted κ near 3/√n = ${(3 / Math.sqrt(n)).toPrecision(2)}.`;
  const off = Math.abs(fitted - kappa) / error;
  return `The fitted κ is ${off.toFixed(1)} standard errors ${fitted < kappa ? 'below' : 'above'} the true one.`;
}
