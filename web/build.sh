#!/usr/bin/env bash
# Builds the npm package into web/pkg: the wasm module, its JavaScript and TypeScript, and what stands in web/npm.
set -euo pipefail
cd "$(dirname "$0")/.."
target_dir=${CARGO_TARGET_DIR:-target}
module=$target_dir/wasm32-unknown-unknown/web/kantor_web.wasm

cargo build -p kantor-bindgen
. tests/setup/wasm_std.sh
cargo build --profile web --target wasm32-unknown-unknown -p kantor-web

rm -rf web/pkg # what stands there afterwards is of this build
"$target_dir/debug/kantor-bindgen" "$module" web/pkg
cp web/npm/* LICENSE-* web/pkg/
printf '%s: %d KiB, %d KiB after gzip\n' web/pkg/kantor_web_bg.wasm \
    $(($(wc -c <web/pkg/kantor_web_bg.wasm) / 1024)) $(($(gzip -9 -c web/pkg/kantor_web_bg.wasm | wc -c) / 1024))
