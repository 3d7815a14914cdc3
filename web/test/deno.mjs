// The tarball under Deno, on its own WebGPU.
import path from 'node:path';
import { command, run, withEmptyProject } from './harness/empty_project.mjs';

const files = ['installed/deno_main.js', 'page/known_answers.js', 'page/assert.js'];

export async function deno(t) {
  await t.test('known answers under Deno', (t) => withEmptyProject(files, async (project) => {
    const { stdout } = await run(command('deno'), ['run', '--allow-all', '--unstable-webgpu', 'deno_main.js'], {
      cwd: project, env: { ...process.env, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1', DENO_DIR: path.join(project, '.deno') },
    });
    for (const line of stdout.trim().split('\n')) t.diagnostic(line);
  }));
}
