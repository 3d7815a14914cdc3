// The check in a worker. The package loads its module as it is imported, so the import stands in the listener: a message
// that comes before there is a listener is lost.
addEventListener('message', async ({ data: { backend, kernel } }) => {
  try {
    const { Context, check } = await import('../shared/kantor.js');
    const context = await Context.create({ backend });
    const rows = await check(context, { kernel, onProgress: (progress) => postMessage({ progress }) });
    postMessage({ rows });
  } catch (error) {
    postMessage({ message: error.message, kind: error.kind });
  }
});
