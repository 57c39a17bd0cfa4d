"""Fixtures of the tests of access: a world for each module, since no test of access changes what another reads."""

from collections.abc import Iterator

import pytest

from tests.databases import ENGINES
from tests.world import World, make_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """On SQLite: who may reach what does not depend on the engine."""
    yield from make_world("sqlite", tmp_path_factory.mktemp("access"))


@pytest.fixture(scope="module", params=ENGINES)
def both_worlds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """On each engine in turn: what one stores, the other may refuse."""
    yield from make_world(request.param, tmp_path_factory.mktemp("access"))
