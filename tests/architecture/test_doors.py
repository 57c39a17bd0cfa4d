"""A room is entered by its door: others import its `service.py` and the types that it returns, and nothing else."""

import ast
from pathlib import Path

import pytest

from tests.architecture.project import ROOT, python_files

# Beside `service`: the modules that hold the types which a room's door hands out, all of them pure.
TYPES = {
    "cancelling": {"types"},
    "cases": {"types"},
    "interactions": {"types"},
    "learning": {"epoch", "examples", "firsts", "fitting", "judging", "normal", "off_policy", "turning"},
    "mail": {"types"},
    "knowledge": {"types"},
    "matrix": {"holding_out", "parts", "types"},
    "overview": {"types"},
    "paying": {"types"},
    "people": {"types", "permissions"},
    "proving": {"rules"},
    "quality": {"types"},
    "profiles": {"types", "snapshot", "masking"},
    "record": {"types"},
    "rules": {"types"},
    "engine": {"catalogue", "facts", "ruling", "scripts"},
    "treatments": {"cards", "disclosing", "types"},
}
# Who may reach further in, and what for.
COMPOSERS = {
    "backend.app": {"api"},
    "backend.benching": {"batch", "crew", "deciding", "simulating"},  # what is measured is the engine itself
    "backend.commands": {"views"},  # a command prints the same JSON as the API
    "backend.migrations": {"tables"},
}
ROOMS = sorted({path.parts[1] for path in python_files() if path.parts[0] == "backend" and path.name == "service.py"})


def module_of(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(source: str, module: str, is_package: bool = False) -> set[str]:
    """Every module or name that the source imports, at its top or inside a function, as dotted names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = module.split(".")
            keep = len(parts) - node.level + (1 if is_package else 0)
            base = (
                ".".join([*parts[:keep], *([node.module] if node.module else [])]) if node.level else node.module or ""
            )
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return found


def trespasses(module: str, imported: set[str], modules: set[str]) -> list[str]:
    """The imports that climb through another room's window."""
    here = module.split(".")
    room = here[1] if here[0] == "backend" and len(here) > 1 else None
    insides = [what for composer, what in COMPOSERS.items() if f"{module}.".startswith(f"{composer}.")]
    found = []
    for name in sorted(imported):
        parts = name.split(".")
        if parts[0] != "backend" or len(parts) < 3 or parts[1] not in ROOMS or parts[1] == room:
            continue
        if ".".join(parts[:3]) not in modules:
            continue  # a name in the room's __init__, not a module of it
        if parts[2] not in {"service"}.union(TYPES.get(parts[1], set()), *insides):
            found.append(f"{module} imports {name}")
    return found


def modules() -> dict[str, Path]:
    code = [path for path in python_files() if path.parts[0] in ("backend", "agent_ui", "selfservice_ui", "shared")]
    return {module_of(path): path for path in [*code, Path("wsgi.py")] if (ROOT / path).exists()}


def test_rooms_are_entered_by_their_doors_alone() -> None:
    known = modules()
    found = []
    for module, path in known.items():
        imported = imports_of((ROOT / path).read_text(), module, path.name == "__init__.py")
        found += trespasses(module, imported, set(known))
    assert found == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("backend.overview.service", "from backend.profiles import tables"),
        ("backend.overview.service", "from backend.profiles.tables import CustomerRow"),
        ("backend.overview.service", "def late():\n    from ..profiles.tables import CustomerRow"),
        ("agent_ui.desk.views", "import backend.profiles.tables"),
        ("selfservice_ui.app", "from backend.engine.deciding import decide"),
    ],
)
def test_a_way_in_through_a_window_is_found(module: str, source: str) -> None:
    inside = {"backend.profiles.tables", "backend.engine.deciding", "backend.overview.service"}
    assert trespasses(module, imports_of(source, module), inside) != []


def test_the_types_that_a_door_hands_out_are_free_of_the_database_and_the_web() -> None:
    known = modules()
    impure = {"flask", "sqlalchemy", "sqlmodel", "werkzeug"}
    named = [f"backend.{room}.{name}" for room, names in TYPES.items() for name in names]
    found = {
        module: sorted(impure & {name.split(".")[0] for name in imports_of((ROOT / known[module]).read_text(), module)})
        for module in named
        if module in known
    }
    assert {module: what for module, what in found.items() if what} == {}
