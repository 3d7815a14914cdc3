// The package, by its address beside the demos: a bundler would find it by its name, and an import map that gives it one
// is an inline script, which the pages forbid themselves.
export * from '../../pkg/kantor.js';
