#!/bin/sh
# Rewrites both locks from pyproject.toml, for every platform and Python at once. uv.lock names an address on every
# line, so it stays out of git; the two exports hold names, versions and hashes only.
set -eu
cd "$(dirname "$0")/.."
uv=.venv/bin/uv
$uv lock "$@"
export_lock() {
    $uv export --quiet --frozen --no-emit-project --no-header --no-annotate "$@"
}
export_lock --no-dev --output-file requirements.txt
export_lock --all-groups --output-file requirements-dev.txt
if grep -nE '://|^-' requirements.txt requirements-dev.txt; then
    echo "The locks must not hold addresses." >&2
    exit 1
fi

# Nobody should need a compiler: every package must come built, on each platform and for the oldest and newest Python.
for platform in x86_64-manylinux_2_28 aarch64-manylinux_2_28 x86_64-apple-darwin aarch64-apple-darwin; do
    for version in 3.11 3.14; do
        $uv pip compile --quiet --only-binary :all: --python-version $version --python-platform $platform \
            requirements-dev.txt --output-file /dev/null || { echo "Not to be had built: Python $version on $platform." >&2; exit 1; }
    done
done
echo "Both locks hold for Linux and macOS, on x86-64 and arm64, with Python 3.11 to 3.14."
