#!/usr/bin/env bash
# dxc.sh FILE: puts Microsoft's shader compiler (libdxcompiler) where FILE says, unless it is there. The package index of
# Python has it inside the source package `compushady`; nothing of that package is installed.
set -euo pipefail

file=$1
[ ! -s "$file" ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo 'compushady==0.17.5 --hash=sha256:5052caf9e955d8e7a48e22f536e82b44b72e83af46e824a9e99157c7809de691' >"$work/requirements"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: --require-hashes \
    -r "$work/requirements" -d "$work"
tar -xzf "$work"/compushady-*.tar.gz -C "$work" --wildcards "*/libdxcompiler_$(uname -m).so*"
mkdir -p "$(dirname "$file")"
mv "$work"/compushady-*/compushady/backends/libdxcompiler_* "$file"
