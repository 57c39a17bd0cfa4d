#!/bin/sh
# venv.sh LOCK: makes .venv hold exactly what LOCK names, and the project itself, editable. Quick when nothing changed.
set -eu
cd "$(dirname "$0")/.."
lock=$1
UV_VERSION=0.13.9
# Certificates of the machine (a company's proxy has its own), and no look at a Python that uv would fetch.
export UV_SYSTEM_CERTS=1 UV_PYTHON_DOWNLOADS=never PIP_DISABLE_PIP_VERSION_CHECK=1

say() { printf '==> %s\n' "$*"; }
die() { printf '\n%s\n' "$*" >&2; exit 1; }

fits() { # Is $1 a Python that we hold for? 3.11 to 3.14.
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        fits "$PYTHON" && command -v "$PYTHON"
        return
    fi
    for candidate in python3 python3.13 python3.12 python3.14 python3.11; do
        if command -v "$candidate" >/dev/null 2>&1 && fits "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

# What a finished install is known by: where it stands (scripts name their folder), the lock, and the project's own file.
fingerprint() {
    { pwd -P; echo "$UV_VERSION"; cat "$lock" pyproject.toml; } | cksum
}

stamp=.venv/installed-$(basename "$lock" .txt)
if [ -x .venv/bin/python ] && fits .venv/bin/python && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint)" ]; then
    exit 0
fi

if ! python=$(find_python); then
    found=$("${PYTHON:-python3}" --version 2>/dev/null || echo "no ${PYTHON:-python3} at all")
    die "Evenhand needs Python 3.11, 3.12, 3.13 or 3.14; found here: $found.
  Debian, Ubuntu:  sudo apt-get install python3.12 python3.12-venv   (or what your release has, from 3.11 on)
  macOS:           brew install python@3.13
Where it is not on the PATH, name it: make PYTHON=/path/to/python3.12"
fi

make_venv() {
    rm -rf .venv
    "$python" -m venv .venv >.venv-log 2>&1 && .venv/bin/python -m pip --version >/dev/null 2>&1
}

# A folder that was copied, or made by a Python that is gone, is made anew.
home=$(cat .venv/home 2>/dev/null || true)
if [ "$home" != "$(pwd -P)" ] || ! fits .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    say "Making .venv with $("$python" --version) ($python)"
    if ! make_venv; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        package=python$version-venv
        if ! command -v apt-get >/dev/null 2>&1; then
            cat .venv-log >&2
            die "\"$python -m venv .venv\" failed (above). Install the venv and pip modules of this Python, then try again."
        elif [ "$(id -u)" != 0 ]; then
            rm -rf .venv .venv-log
            die "This Python can't make a virtual environment yet. Install what is missing, then try again:
  sudo apt-get update && sudo apt-get install -y $package"
        fi
        say "Installing $package (Debian keeps it apart from Python)"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends "$package" >.venv-log 2>&1 || { cat .venv-log >&2; die "apt-get could not install $package."; }
        make_venv || { cat .venv-log >&2; die "\"$python -m venv .venv\" still fails (above)."; }
    fi
    rm -f .venv-log
    pwd -P >.venv/home
fi

if [ "$(.venv/bin/uv --version 2>/dev/null | cut -d' ' -f2)" != "$UV_VERSION" ]; then
    say "Installing uv $UV_VERSION into .venv"
    .venv/bin/python -m pip install --quiet "uv==$UV_VERSION"
fi

say "Installing what $lock names (each file checked against its hash)"
.venv/bin/uv pip install --quiet --compile-bytecode --python .venv/bin/python --require-hashes -r "$lock"
say "Installing evenhand itself, editable"
.venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --editable .
# Where Python is told to write no bytecode, each of our processes would compile the whole of us again.
.venv/bin/python -m compileall -q backend agent_ui selfservice_ui shared
fingerprint >"$stamp"
