"""Fixtures of all tests: databases on both engines, the apps upon them, and browsers with someone signed in."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from backend import worker
from tests import apps
from tests.cast import AGENT, PORTAL_CUSTOMER, cheap_hashes, sign_in
from tests.databases import (
    database,
    database_url,
    engine,
    loaded,
    loaded_sqlite,
    loaded_sqlite_url,
    loaded_url,
    pytest_configure,
    pytest_unconfigure,
    whole_sqlite,
    whole_sqlite_url,
)
from tests.network import no_network
from tests.pages import Browser

__all__ = [
    "database",
    "database_url",
    "engine",
    "loaded",
    "loaded_sqlite",
    "loaded_sqlite_url",
    "loaded_url",
    "no_network",
    "pytest_configure",
    "pytest_unconfigure",
    "whole_sqlite",
    "whole_sqlite_url",
]


DEAREST = (
    "web/test_odd_values.py",
    "service/test_bench.py",
    "web/test_screens_agree.py",
    "unit/test_telecom_pack_pairs.py",
    "service/test_commands.py",
    "service/test_subject_access.py",
    "web/test_desk_explained.py",
    "service/test_lives.py",
    "web/test_canaries.py",
    "unit/test_changing.py",
    "service/test_catalogue_commands.py",
    "service/test_export.py",
)
"""What takes longest, the longest first: begun last, one worker would end alone long after the other."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The dearest tests go first; all others keep their order."""
    place = {name: at for at, name in enumerate(DEAREST)}
    items.sort(key=lambda item: place.get("/".join(item.path.parts[-2:]), len(place)))


def pytest_sessionstart() -> None:
    """Rubbish is looked for seldom: looking took a seventh of all time."""
    gc.set_threshold(50_000, 20, 50)


def pytest_collection_finish() -> None:
    """Nor is it looked for among what was loaded for good."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def quick_passwords() -> Iterator[None]:
    """Nobody waits for a password to be checked."""
    with cheap_hashes():
        yield


@pytest.fixture(autouse=True, scope="session")
def handlers() -> None:
    """What follows from a change follows in the tests' own process too."""
    worker.register_handlers()


@pytest.fixture
def api_app(loaded: str, tmp_path: Path) -> Flask:
    """The JSON API on the loaded database, on each engine."""
    return apps.create("api", loaded, tmp_path)


@pytest.fixture
def desk_app(loaded: str, tmp_path: Path) -> Flask:
    """The desk on the loaded database, on each engine."""
    return apps.create("desk", loaded, tmp_path)


@pytest.fixture
def portal_app(loaded: str, tmp_path: Path) -> Flask:
    """The portal on the loaded database, on each engine."""
    return apps.create("portal", loaded, tmp_path)


@pytest.fixture
def desk_as(desk_app: Flask) -> Callable[[str], Browser]:
    """Opens the desk with a member of staff signed in: `desk_as("supervisor@demo.example")`."""
    return lambda email: sign_in(Browser(desk_app), email)


@pytest.fixture
def portal_as(portal_app: Flask) -> Callable[[str], Browser]:
    """Opens the portal with a customer signed in, by number or e-mail."""
    return lambda who: sign_in(Browser(portal_app), who)


@pytest.fixture
def desk(desk_as: Callable[[str], Browser]) -> Browser:
    """An agent's browser, signed in at the desk."""
    return desk_as(AGENT)


@pytest.fixture
def portal(portal_as: Callable[[str], Browser]) -> Browser:
    """A customer's browser, signed in at the portal."""
    return portal_as(PORTAL_CUSTOMER)
