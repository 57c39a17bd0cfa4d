"""Finds a Chromium that starts here: CHROMIUM_PATH, Playwright's own, or the system's; of each the shell without a head.

The shell draws the same pages for half the processor's time: it has no window, tabs and menus to keep.

Run as a command it tries them and prints the one that works; it exits 1, with each failure and the system libraries
that are missing, when none does.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Error, Playwright, sync_playwright

SYSTEM_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MACOS_PATHS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def candidates(playwright: Playwright) -> Iterator[Path]:
    """The executables that exist, best first: the one that was named, Playwright's own, the system's."""
    named = os.environ.get("CHROMIUM_PATH")
    if named:
        yield Path(named)
        return
    own = Path(playwright.chromium.executable_path)
    shells = sorted(own.parents[2].glob("chromium_headless_shell-*/*/*headless*shell"), reverse=True)
    found = [*shells, own, *map(shutil.which, SYSTEM_NAMES), *MACOS_PATHS]
    for path in found:
        if path and Path(path).exists():
            yield Path(path)


def arguments() -> list[str]:
    """What Chromium is started with: nothing that calls home, and no sandbox where root may not have one."""
    quiet = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    ]
    return [*quiet, "--no-sandbox"] if os.geteuid() == 0 else quiet


def starts(playwright: Playwright, executable: Path) -> str | None:
    """None when the executable draws a page, else why it doesn't."""
    try:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments(), timeout=30_000)
        try:
            page = browser.new_page()
            page.goto("data:text/html,<title>ready</title>")
            return None if page.title() == "ready" else "it started but drew no page"
        finally:
            browser.close()
    except Error as error:
        return missing_libraries(executable) or str(error).split("\n")[0]


def missing_libraries(executable: Path) -> str | None:
    """The shared libraries that the system lacks for this executable, in words, where that is the trouble."""
    if sys.platform != "linux" or not shutil.which("ldd"):
        return None
    answer = subprocess.run(["ldd", str(executable)], capture_output=True, text=True, check=False)
    missing = re.findall(r"^\s*(\S+) => not found", answer.stdout, re.MULTILINE)
    return f"system libraries are missing: {', '.join(missing)}" if missing else None


def find(playwright: Playwright) -> tuple[Path | None, dict[Path, str]]:
    """The first Chromium that starts, and why each one before it did not."""
    failures: dict[Path, str] = {}
    for executable in candidates(playwright):
        reason = starts(playwright, executable)
        if reason is None:
            return executable, failures
        failures[executable] = reason
    return None, failures


def main() -> int:
    with sync_playwright() as playwright:
        executable, failures = find(playwright)
    if "--quiet" not in sys.argv:
        for path, reason in failures.items():
            print(f"{path}: {reason}")
        print(executable or "No Chromium was found that starts.")
    return 0 if executable else 1


if __name__ == "__main__":
    sys.exit(main())
