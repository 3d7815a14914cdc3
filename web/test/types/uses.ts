// Everything the package exports, used as its types say. Compiled with `strict`, never run: see ../types.mjs.
import {
  Context, Directions, Distributions, Divergence, Sinkhorn, VonMisesFisher, bessel, check, checkKernels, logBesselI,
  logBesselK, version,
} from 'kantor';
import type {
  CheckRow, DivergenceName, DivergenceValues, GridProblem, GroundCost, MatrixProblem, Numbers, Picture, PointsProblem, Precision,
  Progress, SinkhornDivergence, SinkhornOptions, Solution, SolveOptions, TransportProblem, VonMisesFisherFit, Weights,
} from 'kantor';

export async function transport(signal: AbortSignal): Promise<Float64Array> {
  using context: Context = await Context.create({ backend: 'webgpu' });
  const device: GPUDevice | undefined = context.device;
  const reason: string | undefined = context.fallbackReason;
  const precision: Precision = context.precision;
  console.log(device?.limits.maxBufferSize, reason, precision, context.backend, context.adapter, context.memory.inUse);

  const settings: SinkhornOptions = { epsilon: 0.1, precision, annealing: { from: 1, factor: 0.5 } };
  using sinkhorn = new Sinkhorn(settings);
  const half: Numbers = new Float32Array([0.5, 0.5]);
  const problem: TransportProblem = { source: half, target: half, cost: new Float64Array([0, 1, 1, 0]), batch: 1 };
  const options: SolveOptions = { signal, onProgress: ({ finished, problems }: Progress) => console.log(finished / problems) };
  using solution: Solution = await sinkhorn.solve(context, problem, options);
  solution.requireConverged();
  const { f, g }: { f: Float64Array; g: Float64Array } = await solution.potentials();
  const converged: boolean[] = solution.converged;
  const stop: 'converged' | 'max-iterations' | 'stalled' = solution.stop[0];
  const iterations: Uint32Array = solution.iterations;
  console.log(f.length, g.length, converged, stop, iterations, solution.transportCost[0], solution.variant);
  await solution.apply(new Float32Array(2), 0);
  return solution.applyTransposed(new Float64Array(2));
}

export async function geometries(context: Context, image: ImageData): Promise<number> {
  const sinkhorn = new Sinkhorn({ epsilon: { relative: 0.05 }, annealing: false });
  const cost: GroundCost = { power: 1.5 };
  const clouds: PointsProblem = { points: [new Float32Array(6), new Float64Array(4)], dimensions: 2, cost, reach: { source: 1 } };
  using moved: Solution = await sinkhorn.solve(context, clouds);
  const masses: Float64Array[] = [moved.mass, moved.epsilon, moved.multiplier];
  const kept: boolean = !moved.normalized;
  const picture: Picture = image;
  const weights: Weights = [image, picture];
  const grid: GridProblem = { pairwise: weights, channel: 'alpha', spacing: [1, 2], exponent: 1, mass: 0.5, normalize: false };
  using between: SinkhornDivergence = await sinkhorn.divergence(context, grid);
  using cross: Solution = between.cross();
  between.requireConverged();
  const converged: boolean[] = between.converged;
  const pairs: [number, number][] = cross.pairs;
  const matrix: MatrixProblem = { source: image, target: new Float32Array(4), cost: new Float32Array([Infinity]), reach: 1 };
  await sinkhorn.solve(context, matrix);
  await sinkhorn.solve(context, { source: image, target: image, grid: [2, 2], spacing: 0.5 });
  await sinkhorn.solve(context, { points: new Float32Array(3), dimensions: 3, cost: 'cosine', batch: 1 });
  console.log(masses.length, kept, converged, pairs[0]?.[1]);
  return between.values[0] ?? between.length;
}

export async function divergences(context: Context): Promise<number> {
  using p = await Distributions.create(context, new Float32Array([1, 2, 3]), 3, { normalize: true });
  using q = await Distributions.create(context, new Float32Array(3), 3, { input: 'logits', temperature: 2 });
  const name: DivergenceName = 'js';
  const js = new Divergence(name, { parameter: 0.5, unit: 'bits', reduction: 'mean' });
  const result: DivergenceValues = await js.rows(p, q);
  const { gradientP }: { gradientP?: Float32Array } = await js.valueAndGradient(p, q, { side: 'p' });
  const pairs: Float64Array = await js.pairwise(p, q);
  console.log(gradientP?.length, pairs.length, js.parameter, Divergence.names.length, result.pWithoutQ[0]);
  return result.reduced ?? result.values[0] ?? NaN;
}

export async function directions(context: Context): Promise<number> {
  const values: Float64Array = await logBesselI(context, 1, new Float32Array([1, 2]), { precision: 'double' });
  await logBesselK(context, new Float64Array([1, 2]), 1);
  await bessel(context, 'ratio-i', 1, 2);
  using rows = await Directions.create(context, new Float32Array([1, 0, 0, 1]), 2);
  const fit: VonMisesFisherFit = await VonMisesFisher.fit(rows, { precision: 'single' });
  using distribution: VonMisesFisher = fit.distribution;
  const density: Float64Array = await distribution.logDensity(rows);
  const samples: Float64Array = distribution.sample(10, 1);
  return values.length + density.length + samples.length + distribution.klDivergence(distribution);
}

export async function checked(context: Context): Promise<CheckRow[]> {
  const [kernel] = checkKernels();
  console.log(version().length);
  return check(context, { kernel, onProgress: (rows: CheckRow[]) => console.log(rows.length) });
}

// What the types must refuse.
export async function refused(context: Context): Promise<void> {
  // @ts-expect-error ε is required
  new Sinkhorn({});
  // @ts-expect-error no such cost between points
  await new Sinkhorn({ epsilon: 1 }).solve(context, { points: new Float32Array(2), dimensions: 1, cost: 'euclidean' });
  // @ts-expect-error no such divergence
  new Divergence('kullback');
  // @ts-expect-error plain arrays are not taken
  await Distributions.create(context, [1, 2, 3], 3);
  // @ts-expect-error no such option
  await Context.create({ adapter: 'fast' });
}
