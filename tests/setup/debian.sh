#!/usr/bin/env bash
# debian.sh PACKAGE...: installs those of the packages that are missing, from the machine's own apt sources.
#
# Mesa must be 24 or later: lavapipe 22 ends every invocation after 65,535 loop iterations without a word. Where the
# system's own Mesa is older (Debian 12), it comes from the backports suite of the archive the system itself came from.
set -euo pipefail

mesa_minimum=24
new_enough() { [[ $1 != *mesa* && $1 != libgbm1 ]] || dpkg --compare-versions "$2" ge "$mesa_minimum"; }
installed_version() { dpkg-query -W -f '${db:Status-Status} ${Version}' "$1" 2>/dev/null | sed -n 's/^installed //p'; }
candidate_version() { apt-cache policy "$1" | sed -n 's/^  Candidate: //p'; }

missing=()
for package in "$@"; do
    version=$(installed_version "$package" || true)
    if [ -z "$version" ] || ! new_enough "$package" "$version"; then missing+=("$package"); fi
done
[ ${#missing[@]} -gt 0 ] || exit 0
echo "installing ${missing[*]}"

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "this needs root or sudo" >&2; exit 1; }
    as_root=(sudo)
fi
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
        "$@" </dev/null
}

# A source for the suite $2 with the address and the key of the source that brings the suite $1.
derived_source() {
    local address file key
    # shellcheck disable=SC2016 # the fields are apt's
    read -r address file < <(apt-get indextargets --format '$(REPO_URI) $(SOURCESENTRY)' \
        'Created-By: Packages' "Codename: $1" 'Component: main')
    key=$(sed -nE 's/.*signed-by[:=] *([^] ]+).*/\1/Ip' "${file%:*}" | head -n 1)
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\n' "$address" "$2"
    if [ -n "$key" ]; then printf 'Signed-By: %s\n' "$key"; fi
}

apt update
from_own_suite=() from_backports=()
for package in "${missing[@]}"; do
    candidate=$(candidate_version "$package")
    if [ -z "$candidate" ]; then
        echo "$package: not in this system's apt sources; what needs it will fail" >&2
    elif new_enough "$package" "$candidate"; then
        from_own_suite+=("$package")
    else
        from_backports+=("$package")
    fi
done

if [ ${#from_backports[@]} -gt 0 ]; then
    # shellcheck disable=SC1091
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
    if [ -z "$(apt-get indextargets 'Created-By: Packages' "Codename: $suite-backports")" ]; then
        derived_source "$suite" "$suite-backports" | "${as_root[@]}" tee /etc/apt/sources.list.d/kantor-backports.sources
        apt update
    fi
    apt install --no-install-recommends -t "$suite-backports" "${from_backports[@]}"
fi
if [ ${#from_own_suite[@]} -gt 0 ]; then
    apt install --no-install-recommends "${from_own_suite[@]}"
fi
