// The context under test and its f64 twin, made once a page.
import { Context } from 'kantor';

let made;

/** `context` on WebGPU, which must be there, and `twin` on the CPU. */
export function contexts() {
  made ??= Promise.all([Context.create({ backend: 'webgpu' }), Context.create({ backend: 'cpu' })]).then(([context, twin]) => {
    if (context.backend !== 'webgpu') throw new Error(`no WebGPU: ${context.fallbackReason}`);
    return { context, twin };
  });
  return made;
}

/** What the context under test says of itself. */
export async function describe() {
  const { context } = await contexts();
  return `${context.adapter}, up to ${context.precision} precision`;
}
