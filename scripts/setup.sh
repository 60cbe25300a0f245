#!/usr/bin/env bash
# Installs what the build (and, with `test`, the tests) need and the machine lacks. Says nothing where all is there.
# Without apt, or without the right to use it, it names what is missing and how to get it.
set -euo pipefail

wanted=${1:-build}
packages=()
need() { command -v "$1" >/dev/null 2>&1 || packages+=("$2"); }

need cmake cmake
need g++ g++
need make make
need clang clang
need pkg-config pkg-config
need node nodejs
need npm npm
ls /usr/lib/llvm-*/lib/libclang*.so* /usr/lib/*/libclang*.so* >/dev/null 2>&1 || packages+=(libclang-dev)
if [ "$wanted" = test ]; then
    need python3 python3
    need chromium chromium
    # A kernel to try control groups on; there is none of it for other processors.
    [ "$(uname -m)" != x86_64 ] || need linux.uml user-mode-linux
    python3 -c 'import ensurepip' >/dev/null 2>&1 || packages+=(python3-venv)
fi

if [ ${#packages[@]} -gt 0 ]; then
    install=(apt-get install -y --no-install-recommends "${packages[@]}")
    [ "$(id -u)" = 0 ] || install=(sudo "${install[@]}")
    if ! command -v apt-get >/dev/null 2>&1 || { [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; }; then
        printf 'Missing: %s\nInstall it, for example: %s\n' "${packages[*]}" "${install[*]}" >&2
        exit 1
    fi
    printf 'Installing %s\n' "${packages[*]}" >&2
    DEBIAN_FRONTEND=noninteractive
    export DEBIAN_FRONTEND
    [ "$(id -u)" = 0 ] && apt-get update -qq || sudo apt-get update -qq
    "${install[@]}" >/dev/null
fi

if ! command -v cargo >/dev/null 2>&1; then
    echo 'Missing: Rust 1.95 or newer (cargo). Get it from https://rustup.rs and run this again.' >&2
    exit 1
fi

# Debian 12 has an older Node than the console's tools take; npm's own package of it is one that they do.
recent_node() {
    node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'
}
if ! recent_node; then
    printf 'Installing Node.js 22 into web/.node: %s is too old to build the console\n' "$(node --version)" >&2
    npm install --prefix "$(dirname "$0")/../web/.node" --no-save --no-audit --no-fund --loglevel=error node@22 >/dev/null
fi
