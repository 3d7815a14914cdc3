// Under Vite: `window.report` is a promise of what happened. Opened by ../vite.mjs.
import { Context } from 'kantor';
import { tests } from './known_answers.js';

async function report() {
  const context = await Context.create({ backend: 'webgpu' });
  for (const test of Object.values(tests)) await test({ context });
  return `${context.backend}: ${context.adapter}`;
}

window.report = report().catch((error) => `failed: ${error.message}`);
