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
  /** Regularisation ε, in units of the cost, or relative to the standard deviation of the cost's entries. */
  epsilon: number | { relative: number };
  /** L1 marginal error at which a problem leaves the loop; 1e-5, in double precision 1e-10, unless given. 0 runs exactly `maxIterations`. */
  tolerance?: number;
  /** 2000 unless given. */
  maxIterations?: number;
  /** Single unless given. */
  precision?: Precision;
  /**
   * A falling ε: iteration k runs at max(ε, from·factor^k), and reaches ε within `maxIterations`. Unless given, ε falls where
   * a problem does not settle at once; with `false` it never does.
   */
  annealing?: { from: number; factor: number } | false;
}

/**
 * `ImageData`, or whatever has pixels as it does: row by row, four samples a pixel (red, green, blue, alpha), or one, which is
 * its weight. Bytes count from 0 to 255, floats from 0 to 1.
 */
export interface Picture {
  readonly data: Uint8ClampedArray | Uint8Array | Numbers;
  readonly width: number;
  readonly height: number;
}

/**
 * What of a pixel is its weight, with samples from 0 to 1 as they are stored: `'luminance'` is (0.2126 red + 0.7152 green +
 * 0.0722 blue) · alpha, as of a CSS mask; the others are the sample that they name.
 */
export type PictureChannel = 'luminance' | 'red' | 'green' | 'blue' | 'alpha';

/** Rows of weights ≥ 0, zeros allowed, one after the other; a picture is a row, and an array of pictures of one size are as many. */
export type Weights = Numbers | Picture | readonly Picture[];

/** What every transport problem has: measures, and what is asked of the plan's marginals. */
export interface Measures {
  /** B rows of n weights. */
  source?: Weights;
  /** B rows of m weights. */
  target?: Weights;
  /** In place of source and target: every row with every later one; `Solution.pairs` says which. */
  pairwise?: Weights;
  /** What of pictures is the weight; `'luminance'` unless given. */
  channel?: PictureChannel;
  /** B, the number of problems. */
  batch?: number;
  /**
   * Whether every row of weights is divided by its sum: true unless given, and false with a reach or a mass. Masses that are
   * kept must agree without them.
   */
  normalize?: boolean;
  /**
   * Unbalanced transport: instead of marginals a and b, ρ KL(P1 ‖ a) + ρ KL(Pᵀ1 ‖ b) is added to the objective, with a reach ρ
   * > 0 in units of the cost, one for both sides or one for each. A side without one, or with Infinity, is hard.
   */
  reach?: number | { source?: number; target?: number };
  /** Partial transport: P1 ≤ a, Pᵀ1 ≤ b, and this mass is moved in all. */
  mass?: number;
  /** Target potentials g to start from, B×m, such as an earlier solution's. */
  start?: Numbers;
}

/** Between bins whose costs are a matrix. */
export interface MatrixProblem extends Measures {
  /** Row-major n×m for all problems, or B of them in a row. Infinity between bins that may not be coupled: there the plan is 0. */
  cost: Numbers;
  /** 1 unless given. */
  batch?: number;
}

/** Of points x and y: the squared distance |x − y|², half of it, 1 − x·y/(|x||y|), or |x − y|^power with power ≥ 1. */
export type GroundCost = 'squared' | 'half-squared' | 'cosine' | { power: number };

/** Between points, whose costs are made where they are needed and never kept. */
export interface PointsProblem extends Measures {
  /**
   * Coordinates of n source points and m target points, row-major n×d and m×d, for all problems; or, with `batch` and as many
   * weights as points (or none), B pairs of clouds in a row. One array alone: the same points on both sides.
   */
  points: readonly [Numbers, Numbers] | Numbers;
  /** d, from 1 to 4096. */
  dimensions: number;
  /** `'squared'` unless given. */
  cost?: GroundCost;
  // Weights of a side that has none are 1/n for each of its n points.
}

/** Between the pixels of a regular grid, whose cost Σ |x − y|^exponent over the axes is never kept: for pictures too large for a matrix. */
export interface GridProblem extends Measures {
  /** Pixels along one to three axes, the last the fastest: [height, width]. Those of the pictures unless given. */
  grid?: readonly number[];
  /** Distance from pixel to pixel, one for all axes or one for each; without it every axis spans [0, 1]. */
  spacing?: number | readonly number[];
  /** At least 1; 2 unless given. */
  exponent?: number;
}

/** B problems between n source and m target bins. Row k of the source goes to row k of the target; one row is that of all. */
export type TransportProblem = MatrixProblem | PointsProblem | GridProblem;

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
  /** One per source bin. */
  f: Float64Array;
  /** One per target bin. */
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
