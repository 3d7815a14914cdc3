#!/usr/bin/env bash
# Builds the wasm module and its JavaScript and TypeScript bindings into web/pkg.
set -euo pipefail
cd "$(dirname "$0")/.."
target_dir=${CARGO_TARGET_DIR:-target}

rm -rf web/pkg # what stands there afterwards is of this build
cargo build -p kantor-bindgen
. tests/setup/wasm_std.sh
cargo build --release --target wasm32-unknown-unknown -p kantor-web
"$target_dir/debug/kantor-bindgen" "$target_dir/wasm32-unknown-unknown/release/kantor_web.wasm" web/pkg
du -h web/pkg/*.wasm
