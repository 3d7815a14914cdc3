// The package's entry: loads the wasm module, then is everything in it. Importing waits until it is ready.
import init, * as bindings from './kantor_web.js';
import { accountable, accountableClass } from './misuse.js';

const module = new URL('kantor_web_bg.wasm', import.meta.url);
// Node has no fetch of files; browsers and Deno take the address as it is.
const file = module.protocol === 'file:' && typeof Deno === 'undefined';
const read = async () => (await import(/* @vite-ignore */ 'node' + ':fs/promises')).readFile(module);

await init({ module_or_path: file ? await read() : module });

export const {
  Context, Sinkhorn, Solution, SinkhornDivergence, Distributions, Divergence, Directions, VonMisesFisher,
} = bindings;
for (const Class of [
  Context, Sinkhorn, Solution, SinkhornDivergence, Distributions, Divergence, Directions, VonMisesFisher,
]) {
  accountableClass(Class);
}
export const logBesselI = accountable(bindings.logBesselI);
export const logBesselK = accountable(bindings.logBesselK);
export const bessel = accountable(bindings.bessel);
export const check = accountable(bindings.check);
export const { checkKernels, version } = bindings;
