export {
  Context, Sinkhorn, Solution, Distributions, Divergence, Directions, VonMisesFisher,
  logBesselI, logBesselK, bessel, check, checkKernels, version,
} from './kantor_web.js';
export type {
  Backend, BesselName, CheckOptions, CheckRow, ContextOptions, DistributionsOptions, DivergenceGradients, DivergenceName,
  DivergenceOptions, DivergenceValues, FitOptions, GradientOptions, KantorError, Memory, Numbers, Potentials, Precision,
  PrecisionOptions, Progress, SinkhornOptions, SolveOptions, TransportProblem, VonMisesFisherFit,
} from './kantor_web.js';
