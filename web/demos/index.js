import { openContext } from './shell.js';

await openContext(); // for the strip: what this browser has
