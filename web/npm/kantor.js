// The package's entry: loads the wasm module, then is everything in it. Importing waits until it is ready.
import init from './kantor_web.js';

export {
  Context, Sinkhorn, Solution, Distributions, Divergence, Directions, VonMisesFisher,
  logBesselI, logBesselK, bessel, check, checkKernels, version,
} from './kantor_web.js';

const module = new URL('kantor_web_bg.wasm', import.meta.url);
// Node has no fetch of files; browsers and Deno take the address as it is.
const file = module.protocol === 'file:' && typeof Deno === 'undefined';
const read = async () => (await import(/* @vite-ignore */ 'node' + ':fs/promises')).readFile(module);

await init({ module_or_path: file ? await read() : module });
