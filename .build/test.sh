#!/bin/sh
# Runs every check, also after one has failed, so that one run tells all; fails when any failed.
set -u
cd "$(dirname "$0")/.."
bin=.venv/bin
failed=""

# Both runs of pytest share what they make: a PostgreSQL server and the loaded databases.
EVENHAND_TEST_SHARED=$(mktemp -d) || exit 1
EVENHAND_TEST_SESSION=$$
export EVENHAND_TEST_SHARED EVENHAND_TEST_SESSION
trap '$bin/python -m tests.databases' EXIT
trap 'exit 130' INT TERM HUP

step() {
    name=$1
    shift
    printf '\n==> %s\n' "$name"
    "$@" || failed="$failed, $name"
}

step "ruff: lint" $bin/ruff check .
step "ruff: format" $bin/ruff format --check .
step "mypy" $bin/mypy
step "import-linter: the floors" $bin/lint-imports
step "tests: unit, service, web, architecture" $bin/pytest tests -n 2 --dist worksteal
step "journeys in a real browser" $bin/pytest e2e -n 2 --dist loadfile

if [ -n "$failed" ]; then
    printf '\nFailed: %s\n' "${failed#, }" >&2
    exit 1
fi
printf '\nAll checks passed.\n'
