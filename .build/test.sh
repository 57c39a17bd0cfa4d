#!/bin/sh
# Runs every check, also after one has failed, so that one run tells all; fails when any failed.
set -u
cd "$(dirname "$0")/.."
bin=.venv/bin
failed=""
mypy=""

# Both runs of pytest share what they make: a PostgreSQL server and the loaded databases.
# All files stand in memory where there is room for them; they go with the run.
EVENHAND_TEST_SHARED=$($bin/python -m tests.databases begin) || exit 1
EVENHAND_TEST_SESSION=$$
TMPDIR=$EVENHAND_TEST_SHARED/files
mkdir "$TMPDIR" || exit 1
export EVENHAND_TEST_SHARED EVENHAND_TEST_SESSION TMPDIR
trap 'kill $mypy 2>/dev/null; $bin/python -m tests.databases end' EXIT
trap 'exit 130' INT TERM HUP

# A worker more than processors, from three to five: each waits for a database or another process half of its time.
# Journeys bring servers and browsers of their own, and some are promised what happens within a second: two at once.
workers=$(($(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2) + 1))
if [ "$workers" -lt 3 ]; then workers=3; elif [ "$workers" -gt 5 ]; then workers=5; fi

step() {
    name=$1
    shift
    printf '\n==> %s\n' "$name"
    "$@" || failed="$failed, $name"
}

# Types take one processor for a minute, and while the databases are made the tests take no more: both at once.
types=$EVENHAND_TEST_SHARED/types.txt
$bin/mypy >"$types" 2>&1 &
mypy=$!
typed() {
    wait "$mypy"
    found=$?
    mypy=""
    cat "$types"
    return $found
}

step "ruff: lint" $bin/ruff check .
step "ruff: format" $bin/ruff format --check .
step "import-linter: the floors" $bin/lint-imports
step "tests: unit, service, web, architecture" $bin/pytest tests -n $workers --dist worksteal
step "mypy" typed
# By themselves, and the dearest file first.
step "journeys in a real browser" $bin/pytest e2e -n 2 --dist loadfile --no-loadscope-reorder

if [ -n "$failed" ]; then
    printf '\nFailed: %s\n' "${failed#, }" >&2
    exit 1
fi
printf '\nAll checks passed.\n'
