// A static file server of the plainest kind: what the pages and the package must do with.
import fs from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';

const types = {
  '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.js': 'text/javascript', '.mjs': 'text/javascript',
  '.json': 'application/json', '.wasm': 'application/wasm', '.jpg': 'image/jpeg', '.png': 'image/png',
  '.svg': 'image/svg+xml', '.md': 'text/plain; charset=utf-8',
};

/** Serves the folder `root` on this machine alone; `origin` is its address, `close()` ends it. */
export async function serve(root) {
  const server = http.createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost'); // resolves every `..`
    const file = path.join(root, decodeURIComponent(pathname.endsWith('/') ? `${pathname}index.html` : pathname));
    const inside = file.startsWith(root + path.sep);
    const data = inside ? await fs.readFile(file).catch(() => undefined) : undefined;
    if (data) {
      const type = types[path.extname(file)] ?? 'application/octet-stream';
      // A browser may keep it, as from any public server; its profile lasts only as long as the tests.
      response.writeHead(200, { 'content-type': type, 'cache-control': 'max-age=600' }).end(data);
    } else {
      // 204: browsers ask for an icon of their own accord, and an absent one would count as an error of the page.
      response.writeHead(pathname === '/favicon.ico' ? 204 : 404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { origin: `http://localhost:${server.address().port}`, close };
}
