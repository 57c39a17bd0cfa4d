#!/bin/sh
# Makes sure that the journeys have a Chromium that starts: Playwright's own, or the system's; else installs one.
set -eu
cd "$(dirname "$0")/.."
export DEBIAN_FRONTEND=noninteractive
python=.venv/bin/python

say() { printf '==> %s\n' "$*"; }
works() { $python e2e/browser.py --quiet 2>/dev/null; }
driver_runs() { "$($python -c 'from playwright._impl._driver import compute_driver_executable as where; print(where()[0])')" --version >/dev/null 2>&1; }

distribution=$(sed -n 's/^ID=//p' /etc/os-release 2>/dev/null | tr -d '"' || true)
install_on_debian() { apt-get -o Acquire::http::Timeout=20 install -y -qq --no-install-recommends "$1" >/dev/null 2>&1; }
if [ "$distribution" = debian ] && [ "$(id -u)" = 0 ] && [ -z "${CHROMIUM_PATH:-}" ] && ! command -v chromium-headless-shell >/dev/null 2>&1; then
    say "Installing Debian's chromium-headless-shell for the journeys (apt-get)"
    install_on_debian chromium-headless-shell || { apt-get -o Acquire::http::Timeout=20 update -qq >/dev/null 2>&1 && install_on_debian chromium-headless-shell; } || true
fi

works && exit 0

# Playwright talks to the browser through a program of its own, which a very small Debian or Ubuntu can't run as it is.
if ! driver_runs; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "Installing libatomic1, which Playwright's driver needs (apt-get)"
        apt-get update -qq && apt-get install -y -qq --no-install-recommends libatomic1 >/dev/null 2>&1
    fi
    if ! driver_runs; then
        echo "Playwright's driver does not start here. It needs a system library; install it, then try again:
  sudo apt-get install libatomic1" >&2
        exit 1
    fi
fi
works && exit 0

if [ "$distribution" = debian ] && [ "$(id -u)" = 0 ]; then
    say "Installing Debian's chromium instead (apt-get)"
    apt-get update -qq && install_on_debian chromium
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    # Ubuntu's chromium is a snap, which a server or container often can't run: Playwright's own instead.
    say "Installing Playwright's Chromium and the system libraries that it needs"
    $python -m playwright install --with-deps chromium
else
    say "Installing Playwright's Chromium for the journeys (in your home folder)"
    $python -m playwright install chromium
fi

works && exit 0
$python e2e/browser.py || true
if command -v apt-get >/dev/null 2>&1; then
    echo "No Chromium starts here. Install it, or the libraries named above, then try again:
  sudo apt-get install chromium          (Debian)
  sudo .venv/bin/python -m playwright install-deps chromium          (Ubuntu and others)" >&2
else
    echo "No Chromium starts here (above says why). Name one that does: make test CHROMIUM_PATH=/path/to/chromium" >&2
fi
exit 1
