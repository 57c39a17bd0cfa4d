"""The authors' models: nothing learned says so; an epoch is told in figures, with its curve; who may not see them does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import numpy as np
import pytest

from backend import db
from backend.catalogue import service as catalogues
from backend.learning import service as learning
from backend.learning.service import Example
from backend.teaching import service as teaching
from shared.kernel import clock, ids
from tests.cast import AGENT, AUTHOR
from tests.pages import Browser, text_of

As = Callable[[str], Browser]


def _examples(many: int, first: int, last: int, epoch: learning.Epoch, believed: float = 1.0) -> list[Example]:
    rng, now = np.random.default_rng(many + first), clock.now()
    with db.reading() as session:
        catalogue = catalogues.in_force(session).catalogue
    columns = catalogue.pack.learning.columns
    found = []
    for nth in range(many):
        t = catalogue.treatments["referral"]
        x = (1.0, *rng.uniform(-1, 1, len(columns) - 1).tolist())
        chance = t.acceptance
        if epoch.learned:
            aligned = epoch.aligned(columns)
            chance = aligned.odds(aligned.place_of(t.key, t.group) or 0, learning.vector(x), t.acceptance).chance
        day = (now - timedelta(days=float(rng.uniform(first, last)))).date()
        y = bool(rng.random() < min(0.95, 0.5 * believed))
        found.append(Example(UUID(int=nth + 1), ids.uuid7(), t.key, day, "phone" if nth % 3 else "portal", columns, x, chance, epoch.number, y, now))  # fmt: skip
    return found


@pytest.fixture
def learned(loaded: str) -> None:
    """Two epochs: the second judges what the first foretold, and what it foretold does not come true."""
    now = clock.now()
    with db.transaction() as session:
        learning.keep(session, _examples(400, 30, 60, learning.NOTHING_LEARNED), now)
    teaching.publish_now(now)
    with db.reading() as session:
        epoch = learning.latest(session)
    with db.transaction() as session:
        learning.keep(session, _examples(300, 0, 20, epoch, believed=0.1), now)
    teaching.publish_now(now)


def test_before_anything_was_learned_the_page_says_so(desk_as: As, loaded: str) -> None:
    page = desk_as(AUTHOR).get("/models")
    assert "Nothing was learned yet" in text_of(page.root)


def test_the_models_are_told_in_figures_and_one_that_fails_says_why(desk_as: As, learned: None) -> None:
    author = desk_as(AUTHOR)
    page = text_of(author.get("/models").root)
    assert "700" in page
    assert "is not believed" in page
    assert "were foretold" in page
    one = author.get("/models/referral")
    told = text_of(one.root)
    assert "not believed" in told
    assert "Months with us" in told
    assert "Does it come true?" in told


def test_what_there_is_no_model_of_is_not_found_and_an_agent_sees_none(desk_as: As, learned: None) -> None:
    assert desk_as(AUTHOR).get("/models/no_such").status == 404
    assert desk_as(AGENT).get("/models").status == 403
