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
