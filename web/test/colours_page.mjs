// The colours page with files that a visitor picks: a picture, none at all, half a one, one of many pixels, and one of too
// many bytes.
import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { keepStates, onWebGpu, open, runOf, state, status, waitFor } from './harness/demo.mjs';
import { png } from './harness/png.mjs';
import { withPage } from './harness/watched_page.mjs';

const large = { width: 7700, height: 5200 }; // 40 megapixels

async function write(folder) {
  const gradient = (width, height) => png(width, height, (x, y) => (255 * (x / width + y / height)) / 2);
  const small = gradient(160, 120);
  const files = {
    'picked.png': small, 'truncated.png': small.subarray(0, 60), 'corrupt.jpg': Buffer.from('This is no photograph.\n'),
    'large.png': gradient(large.width, large.height),
  };
  for (const [name, data] of Object.entries(files)) await fs.writeFile(path.join(folder, name), data);
  // A picture with a tail of nothing, which takes no room on the disk.
  await fs.copyFile(path.join(folder, 'picked.png'), path.join(folder, 'endless.png'));
  await fs.truncate(path.join(folder, 'endless.png'), 65 * 2 ** 20);
}

export async function colours(t, { browser, origin }) {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'kantor-photographs-'));
  try {
    await write(folder);
    await withPage(browser, async (page) => {
      await open(page, origin, 'colours', onWebGpu);
      await waitFor(page, ['done']);
      const pick = async (name) => {
        const input = await page.$('#source-file');
        return runOf(page, () => input.uploadFile(path.join(folder, name)));
      };
      const caption = () => page.$eval('[data-side=source] figcaption', (caption) => caption.textContent);

      await t.test('a picture', async (t) => {
        assert.equal(await pick('picked.png'), 'done', await status(page));
        assert.match(await caption(), /picked\.png/);
        t.diagnostic(await status(page));
      });
      for (const name of ['corrupt.jpg', 'truncated.png', 'endless.png']) {
        await t.test(`${name}, then Retry`, async (t) => {
          assert.equal(await pick(name), 'failed', await status(page));
          assert.equal((await state(page)).kind, 'invalid-input');
          assert.match(await status(page), new RegExp(name));
          t.diagnostic(await status(page));
          assert.equal(await runOf(page, () => page.click('#retry')), 'done', await status(page));
          assert.match(await caption(), /picked\.png/);
        });
      }
      await t.test('40 megapixels, scaled', async (t) => {
        assert.equal(await pick('large.png'), 'done', await status(page));
        assert.match(await caption(), /scaled from 7,700×5,200/);
        t.diagnostic(`${await caption()}; ${await status(page)}`);
      });
    }, { before: keepStates });
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}
