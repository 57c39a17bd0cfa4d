"""Lift by kinds of customers: intervals hold, a kind is told apart only where its lift surely differs, and rarely by chance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from agent_ui.authoring import trial_words
from backend.reporting.service import ContactFact
from backend.trials.lifting import Seen, by_quality, measured
from backend.trials.outcomes import METRICS, met_in

AT = datetime(2026, 11, 2, 12, tzinfo=UTC)


def seen(random: np.random.Generator, n: int, base: float, lift: Any) -> Seen:
    treated = random.random(n) < 0.7
    happened = (random.random(n) < base + np.where(treated, lift, 0.0)).astype(float)
    return Seen(treated, {key: happened if one.share else happened * 20 for key, one in METRICS.items()})


def test_the_lift_of_all_is_within_its_interval_as_often_as_it_says() -> None:
    random = np.random.default_rng(21)
    held = {"acceptance": 0, "value": 0}
    for _ in range(1_000):
        found = measured(seen(random, 1_500, 0.2, np.full(1_500, 0.05)), np.ones(1_500, dtype=bool))
        for metric, true in (("acceptance", 0.05), ("value", 1.0)):
            held[metric] += found[metric]["low"] <= true <= found[metric]["high"]
    assert all(0.93 <= many / 1_000 <= 0.97 for many in held.values()), held


def test_a_kind_whose_lift_is_another_is_told_apart() -> None:
    random = np.random.default_rng(22)
    kinds = [("young",) if nth % 4 == 0 else ("old",) for nth in range(12_000)]
    lift = np.array([0.2 if kind == ("young",) else 0.0 for kind in kinds])
    lines = {line["key"]: line for line in by_quality(seen(random, 12_000, 0.2, lift), kinds)}
    assert lines["young"]["apart"]["acceptance"]
    assert list(lines) == ["old", "young"]


def test_kinds_whose_lift_is_alike_are_hardly_ever_told_apart() -> None:
    random = np.random.default_rng(23)
    told = 0
    for _ in range(200):
        kinds = [(f"k{random.integers(8)}",) for _ in range(2_400)]
        lines = by_quality(seen(random, 2_400, 0.3, np.full(2_400, 0.1)), kinds)
        told += any(line["apart"].get("acceptance") for line in lines)
    assert told / 200 <= 0.1


def test_a_kind_with_too_few_in_a_group_is_not_told_of() -> None:
    random = np.random.default_rng(24)
    kinds = [("few",) if nth < 150 else ("many",) for nth in range(3_000)]
    assert [line["key"] for line in by_quality(seen(random, 3_000, 0.2, np.zeros(3_000)), kinds)] == ["many"]


def test_what_is_the_same_for_everyone_has_no_interval_and_is_said_to_be_so() -> None:
    random = np.random.default_rng(25)
    group = seen(random, 3_000, 0.2, np.full(3_000, 0.1))
    flat = Seen(group.treated, dict(group.after) | {"experience": np.full(3_000, 70.0), "retention": np.ones(3_000)})
    found = measured(flat, np.ones(3_000, dtype=bool))
    assert found["experience"]["unvaried"]
    assert (found["experience"]["low"], found["experience"]["high"]) == (None, None)
    assert found["retention"]["low"] < 0 < found["retention"]["high"]
    told = [words for _, words in trial_words.lifted(found, False, "USD")]
    assert told[0].startswith("Treatments raise acceptance: ")
    assert " pp" not in " ".join(told)
    assert told[-2:] == [
        "It cannot be told whether they change retention.",
        "Of experience, everyone came out the same.",
    ]


def test_an_interval_that_is_missing_says_why() -> None:
    share, points = METRICS["retention"], METRICS["experience"]
    assert trial_words.unbounded(share, {"treated": 1.0, "control": 1.0}, 500) == "the same for everyone"
    assert trial_words.unbounded(share, {"treated": 0.999, "control": 1.0}, 500) == "too rare to tell"
    assert trial_words.unbounded(points, {"treated": 70.0, "control": 70.0}, 500) == "the same for everyone"
    assert trial_words.unbounded(points, {"treated": 70.0, "control": 70.0}, 7).startswith("too few: 7 of ")


def talk(hours: float, channel: str, kind: str = "contact", seconds: int = 0) -> ContactFact:
    at = AT + timedelta(hours=hours)
    return ContactFact(
        UUID(int=int(hours * 100) + 10_000), kind, at, at.date(), channel, "", "", handle_seconds=seconds
    )


def test_a_customer_belongs_to_the_channel_of_the_contact_that_went_on_else_of_the_first_after_it() -> None:
    before, long_call, visit, later = (
        talk(-5, "email"),
        talk(-1, "phone", seconds=7_200),
        talk(-0.2, "portal", "visit"),
        talk(3, "chat"),
    )
    assert met_in([later, before, long_call], AT) == long_call
    assert met_in([long_call, visit, later], AT) == visit
    assert met_in([before, later, talk(9, "phone")], AT) == later
    assert met_in([before, talk(1, "portal", "rating")], AT) is None
