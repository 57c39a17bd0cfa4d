"""What the architecture tests read: the files that git keeps, or would keep."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = {
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".html",
    ".css",
    ".js",
    ".sh",
    ".cfg",
    ".ini",
    ".yml",
    ".yaml",
    ".json",
    ".svg",
    "",
}


@cache
def files() -> tuple[Path, ...]:
    """Each file of the project, relative to its root, that git tracks or does not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return tuple(sorted(Path(name) for name in set(listed) if (ROOT / name).is_file()))


def vendored(path: Path) -> bool:
    """Other people's files that we ship as they are."""
    return "vendored" in path.parts


def texts() -> list[tuple[Path, str]]:
    """Every text file of our own, with what it holds."""
    own = [path for path in files() if path.suffix in TEXT and not vendored(path)]
    return [(path, (ROOT / path).read_text(encoding="utf-8")) for path in own]


def python_files() -> list[Path]:
    return [path for path in files() if path.suffix == ".py"]
