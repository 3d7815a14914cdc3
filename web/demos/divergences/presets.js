// Pairs of histograms to start from: n weights of p and of q between 0 and 1.

const bump = (n, centre, width) => Float64Array.from({ length: n }, (_, i) => Math.exp(-0.5 * (((i + 0.5) / n - centre) / width) ** 2));
const arch = (n, from, to) => Float64Array.from({ length: n }, (_, i) => {
  const t = ((i + 0.5) / n - from) / (to - from);
  return t > 0 && t < 1 ? Math.sin(Math.PI * t) : 0;
});
const oneHot = (n, at) => Float64Array.from({ length: n }, (_, i) => Number(i === Math.floor(at * n)));
const flat = (n) => new Float64Array(n).fill(1);

// `bins` where a pair has a number of its own.
export const presets = {
  nested: { title: 'Nested supports', p: (n) => arch(n, 0.3, 0.6), q: (n) => arch(n, 0.15, 0.85) },
  gaussians: { title: 'Two Gaussians', p: (n) => bump(n, 0.36, 0.09), q: (n) => bump(n, 0.6, 0.12) },
  crossing: { title: 'Overlapping supports', p: (n) => arch(n, 0.1, 0.55), q: (n) => arch(n, 0.4, 0.9) },
  disjoint: { title: 'Disjoint supports', p: (n) => arch(n, 0.08, 0.42), q: (n) => arch(n, 0.58, 0.92) },
  oneHot: { title: 'One-hot and Gaussian', p: (n) => oneHot(n, 0.4), q: (n) => bump(n, 0.5, 0.15) },
  uniform: { title: 'Gaussian and uniform', p: (n) => bump(n, 0.45, 0.14), q: flat },
  equal: { title: 'Equal', p: (n) => bump(n, 0.5, 0.15), q: (n) => bump(n, 0.5, 0.15) },
  // KL is 0.085299601318370568 nats.
  three: { title: '9 : 12 : 4 and uniform', bins: 3, p: () => [0.5625, 0.75, 0.25], q: () => [0.5, 0.5, 0.5] },
};

// The weights of a preset, as tall as looks well in their panel.
export function weightsOf({ bins, p, q }, n) {
  const count = bins ?? n;
  return [p, q].map((row) => {
    const weights = row(count);
    if (bins) return weights;
    const largest = Math.max(...weights);
    const height = weights.every((weight) => weight === largest) ? 0.5 : 0.9;
    return weights.map((weight) => (weight / largest) * height);
  });
}
