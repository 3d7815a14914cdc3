export {
  Context, Sinkhorn, Solution, SinkhornDivergence, Distributions, Divergence, Directions, VonMisesFisher,
  logBesselI, logBesselK, bessel, check, checkKernels, version,
} from './kantor_web.js';
export type {
  Backend, BesselName, CheckOptions, CheckRow, ContextOptions, DistributionsOptions, DivergenceGradients,
  DivergenceName, DivergenceOptions, DivergenceValues, FitOptions, GradientOptions, GridProblem, GroundCost, KantorError,
  MatrixProblem, Measures, Memory, Numbers, Picture, PictureChannel, PointsProblem, Potentials, Precision,
  PrecisionOptions, Progress, SinkhornOptions, SolveOptions, TransportProblem, VonMisesFisherFit, Weights,
} from './kantor_web.js';
