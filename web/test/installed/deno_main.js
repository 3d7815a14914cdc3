// Under Deno: the known answers on its WebGPU. Run by ../deno.mjs in an empty project with the package installed.
import { Context } from 'kantor';
import { tests } from './known_answers.js';

const context = await Context.create({ backend: 'webgpu' });
console.log(`${context.backend}: ${context.adapter}, up to ${context.precision} precision`);
if (context.backend !== 'webgpu') throw new Error(`no WebGPU: ${context.fallbackReason}`);
for (const [name, test] of Object.entries(tests)) {
  const start = performance.now();
  await test({ context });
  console.log(`${name}: ${(performance.now() - start).toFixed(0)} ms`);
}
context.free();
