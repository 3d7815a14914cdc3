#!/usr/bin/env bash
# To be sourced: afterwards `cargo build --target wasm32-unknown-unknown` finds a standard library for that target.
#
# rustup brings one to nearly every machine. Where its downloads are out of reach, Debian's rustc-web package carries
# the compiler and the sources, and std is built once (about two minutes) into a sysroot of our own under target/.
# KANTOR_WASM_STD=debian takes the second way without trying the first.

wasm_target=wasm32-unknown-unknown

wasm_std_from_rustup() {
    [ "${KANTOR_WASM_STD:-rustup}" = rustup ] || return 1
    command -v rustup >/dev/null || return 1
    rustup target list --installed | grep -qx "$wasm_target" || timeout 300 rustup target add "$wasm_target"
}

wasm_std_from_debian() {
    local here target_dir work
    here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
    target_dir=${CARGO_TARGET_DIR:-$here/../../target}
    bash "$here/debian.sh" rustc-web rust-web-src

    sysroot=$(mkdir -p "$target_dir" && cd "$target_dir" && pwd)/wasm-sysroot-$(dpkg-query -W -f '${Version}' rustc-web)
    host=$(/usr/bin/rustc -vV | sed -n 's/^host: //p')
    if [ ! -x "$sysroot/bin/rustc" ]; then
        work=$(mktemp -d)
        cargo init -q --lib --vcs none --name seed "$work"
        echo '#![no_std]' >"$work/src/lib.rs"
        # Two settings for std alone; what is built later uses neither.
        (cd "$work" && RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$work/target" \
            cargo build --release --target "$wasm_target" -Z build-std=std,panic_abort) || return 1
        rm -rf "$sysroot"
        mkdir -p "$sysroot/bin" "$sysroot/lib/rustlib/$wasm_target/lib"
        ln -s "/usr/lib/rustlib/$host" "$sysroot/lib/rustlib/$host"
        cp "$work/target/$wasm_target"/release/deps/lib*.rlib "$sysroot/lib/rustlib/$wasm_target/lib/"
        rm -rf "$sysroot/lib/rustlib/$wasm_target"/lib/libseed-*.rlib "$work"
        # Written last: its presence says that the sysroot is whole.
        printf '#!/bin/sh\nexec /usr/bin/rustc --sysroot "%s" "$@"\n' "$sysroot" >"$sysroot/bin/rustc"
        chmod +x "$sysroot/bin/rustc"
    fi

    # Debian's compiler has no wasm linker in its sysroot; the toolchain at hand does.
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$(rustc --print sysroot)/lib/rustlib/$host/bin/rust-lld
    RUSTC=$sysroot/bin/rustc
    export RUSTC CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER
}

wasm_std_from_rustup || wasm_std_from_debian
