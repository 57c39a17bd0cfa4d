"""What may stand in the project's files, and how long they may grow."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture.project import ROOT, files, texts, vendored

LOCKS = ("requirements.txt", "requirements-dev.txt")
TOP_LEVEL = {
    "Makefile",
    "README.md",
    "agent_ui",
    "backend",
    "e2e",
    "pyproject.toml",
    "requirements-dev.txt",
    "requirements.txt",
    "selfservice_ui",
    "shared",
    "tests",
    "wsgi.py",
}
LONGEST = 400

# Written apart, so that this file does not hold what it forbids.
HOSTS = [
    "pypi" + ".org",
    "python" + "hosted.org",
    "registry." + "npmjs",
    "deb." + "debian.org",
    "archive." + "ubuntu.com",
]
PLACES = ["/" + "home/", "/" + "Users/", "/" + "root/", "/" + "work/"]
UNFINISHED = ["TO" + "DO", "FIX" + "ME", "NotImplemented" + "Error", "lorem " + "ipsum", "coming " + "soon"]
SKIPPED = ["pytest" + ".skip", "mark." + "skip", "mark." + "xfail", "assert " + "True"]
FORBIDDEN = [*HOSTS, *PLACES, *UNFINISHED, *SKIPPED]


def faults_of(text: str) -> list[str]:
    # Marks of what is unfinished are written large; in small letters the first is Spanish for "all".
    return [word for word in FORBIDDEN if (word in text if word.isupper() else word.lower() in text.lower())]


@pytest.mark.parametrize("word", FORBIDDEN)
def test_the_search_finds_each_forbidden_word(word: str) -> None:
    assert faults_of(f"see {word} for more") != []


def test_no_file_names_a_registry_a_place_of_one_machine_or_something_unfinished() -> None:
    found = {str(path): faults for path, text in texts() if (faults := faults_of(text))}
    assert found == {}


def test_no_commit_message_names_a_registry_or_a_place_of_one_machine() -> None:
    log = subprocess.run(
        ["git", "log", "--format=%h %s %b"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert [line for line in log.splitlines() if any(word in line for word in [*HOSTS, *PLACES])] == []


def test_no_file_of_code_is_longer_than_one_can_read() -> None:
    code = [(path, text) for path, text in texts() if path.suffix in (".py", ".html", ".css", ".js")]
    long = {str(path): text.count("\n") for path, text in code if "versions" not in path.parts}
    assert {path: lines for path, lines in long.items() if lines > LONGEST} == {}


def test_the_top_level_holds_only_what_belongs_there() -> None:
    assert {path.parts[0] for path in files() if not path.parts[0].startswith(".")} <= TOP_LEVEL


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_every_package_by_hash_and_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash)", text, re.MULTILINE), "an option stands in the lock"
    entries = re.split(r"\n(?=\S)", text.strip())
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9.\-]+==[^\s;]+", entry), f"not pinned: {entry[:60]}"
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), f"no hash: {entry[:60]}"


def pinned(lock: str) -> dict[str, set[str]]:
    versions: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9.\-]+)==([^\s;]+)", (ROOT / lock).read_text(), re.MULTILINE):
        versions.setdefault(name, set()).add(version)
    return versions


def test_the_demo_and_the_tests_run_on_the_same_versions() -> None:
    runtime, dev = pinned("requirements.txt"), pinned("requirements-dev.txt")
    assert {name: versions for name, versions in runtime.items() if dev.get(name) != versions} == {}


def test_the_locks_hold_what_the_project_asks_for() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())

    def asked(requirements: list[str]) -> dict[str, str]:
        pairs = (re.sub(r"\[.*?\]", "", requirement).split("==") for requirement in requirements)
        return {name.lower(): version for name, version in pairs}

    for lock, requirements in (
        ("requirements.txt", project["project"]["dependencies"]),
        ("requirements-dev.txt", project["dependency-groups"]["dev"]),
    ):
        held = pinned(lock)
        missing = {name: version for name, version in asked(requirements).items() if held.get(name) != {version}}
        assert missing == {}, f"{lock} is stale: make lock"


def test_vendored_assets_come_with_their_licence() -> None:
    folders = {path.parent for path in files() if vendored(path)}
    packages = {
        folder for folder in folders if any(p.parent == folder and p.suffix in (".js", ".css") for p in files())
    }

    def has_licence(folder: Path) -> bool:
        return any(
            p.name.upper().startswith(("LICENSE", "LICENCE")) for p in files() if p.parent in (folder, *folder.parents)
        )

    assert [str(folder) for folder in packages if not has_licence(folder)] == []


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    """One that is not draws nothing, without a word."""
    [sprite] = (ROOT / "shared/ui/static/vendored").glob("tabler-icons-*/icons.svg")
    held = set(re.findall(r'id="([a-z0-9-]+)"', sprite.read_text()))
    named = {
        (name, file.name)
        for face in ("agent_ui", "selfservice_ui", "shared")
        for file in (ROOT / face).rglob("*.html")
        for name in re.findall(r'icon\("([a-z0-9-]+)"', file.read_text())
    }
    assert len(named) > 100, "the check itself"
    assert {one for one in named if one[0] not in held} == set()
