import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of these tests. */
export const test = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
/** The folder web/: the root of the server, as of a user's copy. */
export const web = path.dirname(test);
