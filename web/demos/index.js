import { openContext } from './shared/shell.js';

await openContext(); // for the strip: what this browser has
