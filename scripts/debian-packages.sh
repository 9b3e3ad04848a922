#!/bin/sh
# Installs the Debian packages that tests and benchmarks use; quick when they are there.
set -eu

missing=
ls -d /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v cc >/dev/null && [ -e /usr/include/stdint.h ] || missing="$missing gcc libc6-dev"
command -v git >/dev/null || missing="$missing git"
command -v git-lfs >/dev/null || missing="$missing git-lfs"
command -v curl >/dev/null || missing="$missing curl"
[ -x /usr/sbin/nginx ] || command -v nginx >/dev/null || missing="$missing nginx-light"
/usr/bin/python3 -c 'import swift' 2>/dev/null || missing="$missing python3-swift"
command -v docker-registry >/dev/null || missing="$missing docker-registry"
command -v softhsm2-util >/dev/null || missing="$missing softhsm2"
command -v chromium >/dev/null || missing="$missing chromium"
[ -d /usr/share/fonts/truetype/dejavu ] || missing="$missing fonts-dejavu-core"
[ -d /usr/share/fonts/truetype/liberation ] || missing="$missing fonts-liberation"
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "error: missing:$missing; install them with this system's package manager" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "error: missing:$missing; run as root: apt-get install --no-install-recommends$missing" >&2
    exit 1
fi

echo "installing:$missing" >&2
install_packages() {
    # shellcheck disable=SC2086  # one word a package
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends $missing >&2
}
install_packages || { $as_root apt-get update -q >&2 && install_packages; }
