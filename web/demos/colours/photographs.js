// Reading a visitor's photograph, of any size and possibly none at all.

// Bytes of the largest file that is handed to a decoder; cameras write less.
const mostBytes = 64 * 2 ** 20;

const unreadable = (message, cause) => Object.assign(new Error(message, { cause }), { kind: 'invalid-input', argument: 'photograph' });

// Decoded and at most 1.5 megapixels large: { name, image, original: { width, height }, scaled }. Rejects with kind
// 'invalid-input' where the file is too large or the browser cannot read it, and as soon as the signal is aborted.
export async function readPhotograph(blob, name, signal) {
  signal.throwIfAborted();
  if (blob.size > mostBytes) {
    const [size, most] = [blob.size, mostBytes].map((bytes) => `${Math.ceil(bytes / 2 ** 20).toLocaleString('en')} MB`);
    throw unreadable(`“${name}” is not read: a file of ${size} is larger than the ${most} that are taken here.`);
  }
  const worker = new Worker(new URL('photograph_worker.js', import.meta.url), { type: 'module' });
  try {
    const { problem, ...photograph } = await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = () => reject(new Error('The worker that decodes photographs could not be started.'));
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      worker.postMessage(blob);
    });
    if (problem === undefined) return { name, ...photograph };
    throw unreadable(`“${name}” cannot be read: it is no photograph that this browser knows, or it is damaged.`, problem);
  } finally {
    worker.terminate(); // also the way to stop it, and to give its memory back
  }
}

export function sizeText({ width, height }) {
  return `${width.toLocaleString('en')}×${height.toLocaleString('en')}`;
}
