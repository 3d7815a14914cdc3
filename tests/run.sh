#!/usr/bin/env bash
# Everything that must hold, on a machine with only Rust (rustup's stable) installed:
#
#     bash tests/run.sh
#
# It installs what it lacks (Debian and its relatives; root or sudo), then runs the tests once on each software adapter,
# and the npm package and its demo pages in two headless browsers. No GPU is needed. Every step runs even if one before
# it failed; the summary at the end names each, and the exit status is 0 only if all passed.
#
# On another system, install Mesa 24 or later, Chromium, Firefox and Node yourself, or name what is there:
#     KANTOR_TEST_ADAPTERS  of "lavapipe llvmpipe-gl swiftshader cpu", default the first three; a missing one fails
#     KANTOR_COMPILERS      of "spirv-val glslangValidator dxc", which read the shaders' translations, default all; a missing
#                           one fails; "none" leaves them out, and says so
#     KANTOR_BROWSERS       of "chromium firefox", default both; a missing one fails; "none" leaves them out, and says so
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_INCREMENTAL=0
read -ra adapters <<<"${KANTOR_TEST_ADAPTERS:-lavapipe llvmpipe-gl swiftshader}"

summary=() failures=0
heading() { printf '\n=== [%4d s] %s\n' "$SECONDS" "$1"; }
record() { summary+=("$(printf '%-5s %5d s  %s' "$1" "$2" "$3")"); }
step() { # step TITLE COMMAND...
    local title=$1 start=$SECONDS verdict=pass
    shift
    heading "$title"
    "$@" || { verdict=FAIL failures=$((failures + 1)); }
    record "$verdict" $((SECONDS - start)) "$title"
}

# --- what the tests stand on -----------------------------------------------------------------------------------------

heading "Set-up"
if command -v apt-get >/dev/null; then
    packages=(mesa-vulkan-drivers libgl1-mesa-dri libegl-mesa0 libgbm1 libglx-mesa0 libvulkan1 libegl1 libgles2
        chromium firefox-esr spirv-tools glslang-tools)
    command -v cc >/dev/null || packages+=(gcc libc6-dev)
    command -v node >/dev/null || packages+=(nodejs)
    command -v npm >/dev/null || packages+=(npm)
    python3 -m pip --version >/dev/null 2>&1 || packages+=(python3 python3-pip)
    bash tests/setup/debian.sh "${packages[@]}"
else
    echo "Not a Debian: nothing is installed here, and an adapter that is missing fails its tests."
fi
if ! { cargo fmt --version && cargo clippy --version; }; then rustup component add rustfmt clippy; fi
if [ -z "${XDG_RUNTIME_DIR:-}" ]; then # EGL and Chromium want one
    XDG_RUNTIME_DIR=$(mktemp -d)
    export XDG_RUNTIME_DIR
    trap 'rm -rf "$XDG_RUNTIME_DIR"' EXIT
fi

first_of() { for file in "$@"; do [ ! -e "$file" ] || { echo "$file" && return; }; done; }
lavapipe=$(first_of /usr/share/vulkan/icd.d/lvp_icd{".$(uname -m)",}.json)
swiftshader=$(first_of /usr/lib{,64}/chromium{,-browser}/vk_swiftshader_icd.json /opt/google/chrome/vk_swiftshader_icd.json)

# on ADAPTER COMMAND...: the tests open the adapter named in KANTOR_TEST_ADAPTER and assert that it is the one they got.
on() {
    local adapter=$1 settings=(KANTOR_TEST_ADAPTER="$1")
    shift
    case $adapter in
        lavapipe) settings+=(WGPU_BACKEND=vulkan VK_DRIVER_FILES="${lavapipe:-not installed}") ;;
        swiftshader) settings+=(WGPU_BACKEND=vulkan VK_DRIVER_FILES="${swiftshader:-not installed}") ;;
        llvmpipe-gl) settings+=(WGPU_BACKEND=gl LIBGL_ALWAYS_SOFTWARE=1) ;;
        cpu) ;;
        *) echo "no adapter is called '$adapter'"; return 1 ;;
    esac
    env "${settings[@]}" "$@"
}

# --- the tests -------------------------------------------------------------------------------------------------------

step "Formatting" cargo fmt --all --check
step "Clippy" cargo clippy --locked --release --workspace --all-targets --features kantor/cli,kantor/hostile -- -D warnings
# Once, what asks no adapter: the shaders and their translations, the twins against multiprecision values, the command.
once=(bessel_twin divergence_twin shaders loops compilers imports floor cli cli_bessel cli_divergence cli_files cli_fuzz
    cli_transport)
# On the first adapter, what is told before a device is asked or the same on all of them: `kantor check` holds every kernel
# against its twin on each.
on_first=(bad_input bad_input_divergence bessel_interface check divergence_interface grids hostile initial points progress
    sinkhorn_divergence sizes)
# On the first adapter of an interface (Vulkan, OpenGL): waiting, memory, loss.
on_interface=(asynchronous device_loss fork memory pipeline_cache plumbing)
# Two minutes of calls, with overflow checks in this crate.
fuzz=(fuzz)
checked=(--config profile.release.package.kantor.overflow-checks=true
    --config profile.release.package.kantor.debug-assertions=true)
export KANTOR_DXC=${KANTOR_DXC:-${CARGO_TARGET_DIR:-$(pwd)/target}/dxc/libdxcompiler.so}
if [[ " ${KANTOR_COMPILERS-dxc} " == *" dxc "* ]]; then
    step "Microsoft's shader compiler" bash tests/setup/dxc.sh "$KANTOR_DXC"
fi
on_each=()
for file in tests/*.rs tests/*/main.rs; do
    case $file in */main.rs) name=$(basename "${file%/main.rs}") ;; *) name=$(basename "$file" .rs) ;; esac
    [[ " ${once[*]} ${on_first[*]} ${on_interface[*]} ${fuzz[*]} " == *" $name "* ]] || on_each+=("$name")
done
step "Tests without an adapter" cargo test --release --features cli,hostile --no-fail-fast --lib --bins "${once[@]/#/--test=}" \
    -- --show-output
# One adapter after the other: wgpu's GL backend gives up a lock after six seconds, which a machine under load takes.
seen=" "
for adapter in "${adapters[@]}"; do
    case $adapter in lavapipe | swiftshader) interface=vulkan ;; *) interface=$adapter ;; esac
    names=("${on_each[@]}")
    [[ $seen != " " ]] || names+=("${on_first[@]}")
    [[ $seen == *" $interface "* ]] || names+=("${on_interface[@]}")
    seen+="$interface "
    step "Tests on $adapter" on "$adapter" \
        cargo test --release --features cli,hostile --no-fail-fast "${names[@]/#/--test=}" -- --show-output
done
step "Fuzz of the library, on ${adapters[0]}" on "${adapters[0]}" \
    cargo test --release "${checked[@]}" --features cli,hostile --test fuzz -- --show-output
step "Examples in the documentation, on ${adapters[0]}" on "${adapters[0]}" cargo test --release --features cli,hostile --doc
step "The example own_device, on ${adapters[0]}" on "${adapters[0]}" \
    cargo run --release --features cli,hostile --example own_device
# The binary that the tests built: `cargo run` would build wgpu anew, without what the tests add to its features.
kantor=${CARGO_TARGET_DIR:-target}/release/kantor
check_on_all() {
    local report
    report=$(mktemp)
    env VK_ADD_DRIVER_FILES="$swiftshader" "$kantor" check | tee "$report" || { rm "$report"; return 1; }
    for adapter in "${adapters[@]}"; do
        case $adapter in
            lavapipe) grep -q "llvmpipe.*(vulkan)" "$report" ;;
            swiftshader) grep -q "SwiftShader.*(vulkan)" "$report" ;;
            llvmpipe-gl) grep -q "llvmpipe.*(gl)" "$report" ;;
        esac || { echo "$adapter was not checked"; rm "$report"; return 1; }
    done
    rm "$report"
}
step "kantor check on every adapter found" check_on_all
# What hardware does to arithmetic, without hardware: src/gpu/hostile. Most of it is the driver's compiler, on one core.
check_hostile() {
    local hostility running=() failed=0 reports
    reports=$(mktemp -d)
    for hostility in fused unfused reciprocal; do
        on lavapipe "$kantor" check --adapter vulkan --hostile "$hostility" >"$reports/$hostility" 2>&1 &
        running+=("$!")
    done
    for hostility in fused unfused reciprocal; do
        wait "${running[0]}" || { failed=1; echo "hostile, $hostility: failed"; }
        running=("${running[@]:1}")
        cat "$reports/$hostility"
    done
    rm -r "$reports"
    return "$failed"
}
if [[ " ${adapters[*]} " == *" lavapipe "* ]]; then step "kantor check on lavapipe, hostile" check_hostile; fi

if [ "${KANTOR_BROWSERS:-}" = none ]; then
    record SKIP 0 "Browsers, as KANTOR_BROWSERS=none asks"
else
    step "Build for the browser" bash web/build.sh
    step "Packages of the browser tests" npm --prefix web ci --no-audit --no-fund --ignore-scripts
    if [[ " ${adapters[*]} " == *" lavapipe "* ]]; then
        KANTOR_NATIVE_CHECK=$(pwd)/web/test/reports/native.json # what the browsers' results are compared with
        export KANTOR_NATIVE_CHECK
        mkdir -p "${KANTOR_NATIVE_CHECK%/*}"
        check_on_lavapipe() { on lavapipe "$kantor" check --adapter vulkan --json >"$KANTOR_NATIVE_CHECK"; }
        step "kantor check on lavapipe, to compare the browsers with" check_on_lavapipe
    fi
    step "The package and its pages in browsers" npm --prefix web test
fi

heading "Summary"
printf '%s\n' "${summary[@]}"
[ "$failures" -eq 0 ]
