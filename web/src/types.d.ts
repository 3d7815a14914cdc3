/** Numbers in: copied before a call returns. At most 67,108,864 of them, or the call rejects with `limit-exceeded`. */
export type Numbers = Float32Array | Float64Array;

/** `'single'`: f32 arithmetic, six digits. `'double'`: double-float arithmetic, f64-grade, on any adapter that keeps the rounding it needs. */
export type Precision = 'single' | 'double';

export type Backend = 'webgpu' | 'cpu';

/** What promises reject with and constructors throw. */
export interface KantorError extends Error {
  kind:
    | 'no-adapter' | 'device-lost' | 'limit-exceeded' | 'out-of-memory' | 'invalid-input' | 'not-converged'
    | 'precision-unavailable' | 'shader' | 'readback' | 'device' | 'cancelled'
    // The module has stopped: whatever was pending rejects with this, and every later call. Only a new page or worker has a new one.
    | 'internal';
  /** `invalid-input`: the argument to blame, and the place in it where known. */
  argument?: string;
  row?: number;
  index?: number;
  /** `limit-exceeded`. */
  needed?: number;
  available?: number;
  /** `not-converged`: the worst problem. */
  problem?: number;
  marginalError?: number;
  /** `not-converged`, `cancelled`. */
  iterations?: number;
}

export interface ContextOptions {
  /** Only this one, without a fallback. */
  backend?: Backend;
}

/** Bytes. */
export interface Memory {
  /** Device memory held by objects and running work. */
  inUse: number;
  /** Device memory kept for the next allocation of the same size. */
  idle: number;
  /** The largest `inUse` so far. */
  peak: number;
  /** The module's own memory, which never shrinks. */
  module: number;
}

export interface SinkhornOptions {
  /** Regularisation ε, in units of the cost. */
  epsilon: number;
  /** L1 marginal error at which a problem leaves the loop; 1e-5, in double precision 1e-10, unless given. 0 runs exactly `maxIterations`. */
  tolerance?: number;
  /** 2000 unless given. */
  maxIterations?: number;
  /** Single unless given. */
  precision?: Precision;
  /** A falling ε: iteration k runs at max(ε, from·factor^k), which reaches ε within a million steps. */
  annealing?: { from: number; factor: number };
}

/** B problems of n source and m target bins. Weights are non-negative, zeros allowed, every row divided by its sum. */
export interface TransportProblem {
  /** B rows of n weights. */
  source: Numbers;
  /** B rows of m weights. */
  target: Numbers;
  /** Row-major n×m for all problems, or B of them in a row. */
  cost: Numbers;
  /** B; 1 unless given. */
  batch?: number;
  /** Target potentials g to start from, B×m, such as an earlier solution's. */
  start?: Numbers;
}

export interface Progress {
  /** Problems that have left the loop, of how many. */
  finished: number;
  problems: number;
  /** Iterations made so far of the problem that has made most. */
  iterations: number;
  /** Their largest L1 marginal error at the last test; Infinity before the first. */
  marginalError: number;
}

export interface SolveOptions {
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

export interface Potentials {
  f: Float64Array;
  g: Float64Array;
}

export interface DistributionsOptions {
  /** Weights unless given. */
  input?: 'weights' | 'log-probabilities' | 'logits';
  /** Of logits; 1 unless given. */
  temperature?: number;
  /** Log-probabilities are normalised whatever they sum to. */
  normalize?: boolean;
}

export type DivergenceName =
  | 'kl' | 'reverse-kl' | 'jeffreys' | 'js' | 'skew-kl' | 'softened-reverse-kl' | 'squared-hellinger' | 'bhattacharyya'
  | 'total-variation' | 'pearson-chi2' | 'neyman-chi2' | 'chi2-mixture' | 'renyi' | 'tsallis' | 'amari'
  | 'cauchy-schwarz' | 'triangular' | 'cross-entropy';

export interface DivergenceOptions {
  /** β of js; α of skew-kl, renyi, tsallis and amari. */
  parameter?: number;
  /** Nats unless given. Divergences without a logarithm are what they are. */
  unit?: 'nats' | 'bits';
  /** Single unless given: six digits of every value; double: twelve. */
  precision?: Precision;
  /** How the values of rows become one; none unless given. */
  reduction?: 'none' | 'sum' | 'mean';
  /** A weight ≥ 0 for every row, which reductions use. */
  rowWeights?: Numbers;
  /** Only of the rows that are true; others have the value 0 and no part in reductions. */
  mask?: boolean[];
}

export interface DivergenceValues {
  /** One a row; Infinity where the definition says so. */
  values: Float64Array;
  /** The sum or mean over rows, where one was asked for. */
  reduced: number | undefined;
  /** Whether some bin has p > 0 and q = 0, row by row; and the reverse. */
  pWithoutQ: boolean[];
  qWithoutP: boolean[];
}

export interface GradientOptions {
  /** Both unless given. */
  side?: 'p' | 'q' | 'both';
  /** What the gradient of every row is multiplied with. */
  upstream?: Numbers;
}

export interface DivergenceGradients extends DivergenceValues {
  gradientP?: Float32Array;
  gradientQ?: Float32Array;
}

export type BesselName =
  | 'log-i' | 'log-i-scaled' | 'log-i-regularized' | 'log-k' | 'log-k-scaled' | 'log-k-regularized' | 'ratio-i' | 'ratio-k'
  | 'd-log-i-dx' | 'd-log-i-dv' | 'd-log-k-dx' | 'd-log-k-dv' | 'log-gamma';

export interface PrecisionOptions {
  /** Single unless given. */
  precision?: Precision;
}

export interface FitOptions extends PrecisionOptions {
  /** A weight ≥ 0 for every row. */
  weights?: Numbers;
}

export interface VonMisesFisherFit {
  distribution: VonMisesFisher;
  /** ‖Σ w x‖/Σ w. */
  meanResultantLength: number;
  /** Σ w ln f(x), nats; Infinity for a point mass. */
  logLikelihood: number;
  /** The rows cancel to rounding: κ = 0. */
  isUniform: boolean;
  /** All rows have one direction to rounding: κ = ∞. */
  isPointMass: boolean;
}

export interface CheckOptions {
  kernel?: string;
  signal?: AbortSignal;
  /** Gets the rows so far after every group of kernels. */
  onProgress?: (rows: CheckRow[]) => void;
}

export interface CheckRow {
  kernel: string;
  quantity: string;
  /** The largest error seen; Infinity where a result was not a number. */
  error: number;
  /** The largest allowed; Infinity where the row only informs. */
  tolerance: number;
  unit: string;
  /** How many results were compared. */
  cases: number;
  passed: boolean;
  informative: boolean;
  /** Why the tolerance is what it is. */
  reason: string;
  /** Where the kernel could not be run at all: why. */
  failure?: string;
}
