#!/usr/bin/env bash
# run.sh TARGET [OPTION...]: runs a target under libFuzzer with stable Rust; inputs it keeps lie in corpus/TARGET, those
# that crash in artifacts/. The options are libFuzzer's: -max_total_time=3600, -jobs=2, a file to run alone.
set -euo pipefail
cd "$(dirname "$0")"

target=$1
shift
# What cargo-fuzz asks of nightly: counters at every branch, and what is compared.
flags=(--cfg fuzzing -Cpasses=sancov-module)
for flag in level=4 inline-8bit-counters pc-table trace-compares; do
    flags+=("-Cllvm-args=-sanitizer-coverage-$flag")
done
# A target named explicitly keeps the flags from build scripts and macros.
host=$(rustc -vV | sed -n 's/^host: //p')
mkdir -p "corpus/$target" artifacts
RUSTFLAGS="${flags[*]}" cargo build --release --target "$host" --bin "$target"
exec "${CARGO_TARGET_DIR:-target}/$host/release/$target" -artifact_prefix=artifacts/ -timeout=10 -rss_limit_mb=4096 \
    -max_len=4096 "$@" "corpus/$target"
