// The two engines: how each is started so that it has WebGPU on a machine without a GPU.
import fs from 'node:fs';
import puppeteer from 'puppeteer-core';

const places = {
  chromium: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'],
  firefox: ['/usr/bin/firefox-esr', '/usr/bin/firefox', '/Applications/Firefox.app/Contents/MacOS/firefox'],
};

/** The browsers asked for. */
export const browsers = (process.env.KANTOR_BROWSERS || 'chromium firefox').split(/\s+/).filter(Boolean);

/** A page may compile all kernels on two busy cores, without a cache some two minutes; nothing takes longer. */
export const timeout = 600_000;

/** Opens `name`, 'chromium' or 'firefox', with the reader's colour scheme 'light' or 'dark'. */
export async function launch(name, scheme = 'light') {
  const executablePath = places[name]?.find((file) => fs.existsSync(file));
  if (!executablePath) throw new Error(`${name} is not installed: none of ${places[name]?.join(', ')}`);
  const common = { executablePath, headless: true, timeout, protocolTimeout: timeout };
  if (name === 'firefox') {
    return puppeteer.launch({
      ...common, browser: 'firefox',
      extraPrefsFirefox: {
        'dom.webgpu.enabled': true, // off by default in the ESR on Linux
        'gfx.webgpu.ignore-blocklist': true, // software adapters are on it
        'layout.css.prefers-color-scheme.content-override': scheme === 'dark' ? 0 : 1,
      },
    });
  }
  return puppeteer.launch({
    ...common, browser: 'chrome',
    // Root may run it, in a container too; WebGPU may take a software adapter; the heap can be collected on demand.
    args: ['--no-sandbox', '--enable-unsafe-webgpu', '--js-flags=--expose-gc',
      ...(scheme === 'dark' ? ['--force-dark-mode'] : [])],
  });
}
