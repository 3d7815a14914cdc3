// The divergences as people write them: title, definition, parameter, when infinite, how large at most. The names are
// those of `Divergence.names`. p and q are the normalised rows, sums run over bins, logarithms are natural.

const never = () => undefined;
const pWithoutQ = () => 'pWithoutQ';
const qWithoutP = () => 'qWithoutP';
const from1 = (alpha) => (alpha >= 1 ? 'pWithoutQ' : undefined);
const entropyOfCoin = (beta) => -xlnx(beta) - xlnx(1 - beta);
const xlnx = (x) => (x > 0 ? x * Math.log(x) : 0);

// `infinite(parameter)` names the supports for which the definition says +∞: bins of p that q lacks, the reverse, either,
// or no bin in both. `bound(parameter)` is the largest value there is, if there is one, in nats where `logarithmic`.
const definitions = {
  'kl': { title: 'Kullback–Leibler', formula: 'Σ p ln(p/q)', logarithmic: true, infinite: pWithoutQ },
  'reverse-kl': { title: 'Reverse KL', formula: 'Σ q ln(q/p)', logarithmic: true, infinite: qWithoutP },
  'jeffreys': { title: 'Jeffreys', formula: 'Σ (p − q) ln(p/q)', logarithmic: true, infinite: () => 'either' },
  'js': {
    title: 'Jensen–Shannon', formula: 'β KL(p‖m) + (1−β) KL(q‖m), m = βp + (1−β)q', logarithmic: true, infinite: never,
    parameter: { symbol: 'β', value: 0.5, min: 0, max: 1, step: 0.05 }, bound: entropyOfCoin,
  },
  'skew-kl': {
    title: 'Skew KL', formula: 'KL(p ‖ αp + (1−α)q)', logarithmic: true,
    infinite: (alpha) => (alpha === 0 ? 'pWithoutQ' : undefined),
    parameter: { symbol: 'α', value: 0.5, min: 0, max: 1, step: 0.05 },
    bound: (alpha) => (alpha > 0 ? -Math.log(alpha) : undefined),
  },
  'softened-reverse-kl': {
    title: 'Softened reverse KL', formula: 'Σ (p+q) ln((p+q)/2p)', logarithmic: true, infinite: qWithoutP,
  },
  'squared-hellinger': { title: 'Squared Hellinger', formula: '½ Σ (√p − √q)^2', infinite: never, bound: () => 1 },
  'bhattacharyya': {
    title: 'Bhattacharyya', formula: '−ln Σ √(pq)', logarithmic: true, infinite: () => 'disjoint',
  },
  'total-variation': { title: 'Total variation', formula: '½ Σ |p − q|', infinite: never, bound: () => 1 },
  'pearson-chi2': { title: 'Pearson χ²', formula: 'Σ (p − q)^2/q', infinite: pWithoutQ },
  'neyman-chi2': { title: 'Neyman χ²', formula: 'Σ (p − q)^2/p', infinite: qWithoutP },
  'chi2-mixture': { title: 'χ² from the mixture', formula: '½ Σ (p − q)^2/(p+q)', infinite: never, bound: () => 1 },
  'renyi': {
    title: 'Rényi', formula: 'ln(Σ p^α q^{1−α})/(α−1)', logarithmic: true,
    infinite: (alpha) => from1(alpha) ?? 'disjoint',
    parameter: { symbol: 'α', value: 2, min: 0, max: 1e6, step: 0.1 },
  },
  'tsallis': {
    title: 'Tsallis', formula: '(Σ p^α q^{1−α} − 1)/(α−1)', infinite: from1,
    parameter: { symbol: 'α', value: 2, min: 0, max: 1e6, step: 0.1 },
    bound: (alpha) => (alpha < 1 ? 1 / (1 - alpha) : undefined),
  },
  'amari': {
    title: 'Amari', formula: '4/(1−α^2) · (1 − Σ p^{(1−α)/2} q^{(1+α)/2})',
    infinite: (alpha) => (alpha <= -1 ? 'pWithoutQ' : alpha >= 1 ? 'qWithoutP' : undefined),
    parameter: { symbol: 'α', value: 0, min: -1e6, max: 1e6, step: 0.1 },
    bound: (alpha) => (Math.abs(alpha) < 1 ? 4 / (1 - alpha * alpha) : undefined),
  },
  'cauchy-schwarz': {
    title: 'Cauchy–Schwarz', formula: '−ln((Σ pq)^2/(Σ p^2 Σ q^2))', logarithmic: true, infinite: () => 'disjoint',
  },
  'triangular': { title: 'Triangular', formula: 'Σ (p − q)^2/(p+q)', infinite: never, bound: () => 2 },
  'cross-entropy': { title: 'Cross-entropy', formula: '−Σ p ln q', logarithmic: true, infinite: pWithoutQ },
};

// What is known of a name; the name itself where a newer package has one that is not in the table.
export function describe(name) {
  return { title: name, formula: '', logarithmic: false, infinite: never, ...definitions[name] };
}

// The upper bound in the unit asked for, or undefined.
export function bound({ bound, logarithmic }, parameter, unit) {
  const nats = bound?.(parameter);
  return logarithmic && unit === 'bits' && nats !== undefined ? nats / Math.LN2 : nats;
}

// Why a value is infinite, in words about `first` and `second`, the two that were compared.
export function causeOfInfinity({ infinite }, parameter, flags, [first, second]) {
  const lacks = (one, other) => `${one} has mass where ${other} has none`;
  switch (infinite(parameter)) {
    case 'pWithoutQ': return lacks(first, second);
    case 'qWithoutP': return lacks(second, first);
    case 'disjoint': return 'no bin has both';
    case 'either':
      if (flags.pWithoutQ && flags.qWithoutP) return 'each has mass where the other has none';
      return flags.pWithoutQ ? lacks(first, second) : lacks(second, first);
    default: return '';
  }
}

// A formula as nodes: single letters are variables, ^ raises a letter, a digit or what is in braces.
export function typeset(formula) {
  const parts = formula.split(/\^(\{[^}]*\}|.)/);
  return parts.flatMap((part, i) => {
    if (i % 2 === 0) return variables(part);
    const raised = document.createElement('sup');
    raised.append(...variables(part.replace(/[{}]/g, '')));
    return [raised];
  });
}

function variables(text) {
  return text.split(/([αβ]|(?<![A-Za-z])(?:pq|[pqm])(?![A-Za-z]))/).map((part, i) => {
    if (i % 2 === 0) return document.createTextNode(part);
    return Object.assign(document.createElement('var'), { textContent: part });
  });
}
