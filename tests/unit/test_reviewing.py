"""Reviews' arithmetic: scores, agreement, the lot; and what a pack's forms are checked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from backend.interactions.service import Interaction
from backend.matrix.service import ReviewQuestion, check, folder_of, load_pack, texts_of
from backend.quality.sampling import Already, draw, facts
from backend.quality.service import agreement, score

PACK = load_pack(folder_of("telecom"))
WEEK = date(2026, 3, 2)
START = datetime(2026, 3, 3, 18, 30, tzinfo=UTC)
NOTHING = Already({}, {})


def question(key: str, weight: float = 1, critical: bool = False) -> ReviewQuestion:
    return ReviewQuestion(key=key, label=key, weight=weight, critical=critical, partly=True)


def contact(nth: int, agent: int = 1, **other: Any) -> Interaction:
    at = START + timedelta(minutes=nth)
    values: dict[str, Any] = {
        "customer_id": UUID(int=nth), "interaction_id": UUID(int=1000 + nth), "channel": "phone", "staff_id": UUID(int=agent),
        "staff": "Ann", "started_at": at, "ended_at": at + timedelta(minutes=4), "wrapped_at": at + timedelta(minutes=5),
        "summary": "", "is_private": False, "notes": "", "notes_version": 0, "wrap_up_code": "solved",
    }  # fmt: skip
    return Interaction(**values | other)


def test_what_does_not_apply_counts_neither_for_nor_against() -> None:
    asked = [question("a", 3), question("b", 1), question("c", 5)]
    assert score(asked, {"a": "yes", "b": "no", "c": "na"}).points == 75
    assert score(asked, {"a": "partly", "b": "yes", "c": "na"}).points == pytest.approx(62.5)
    assert score(asked, {"a": "na", "b": "na", "c": "na"}).points is None
    assert score(asked, {"a": "yes"}).open == ("b", "c")


def test_a_critical_question_answered_by_no_leaves_no_points() -> None:
    asked = [question("a", 9), question("b", 1, critical=True)]
    found = score(asked, {"a": "yes", "b": "no"})
    assert (found.points, found.failed) == (0.0, ("b",))
    assert score(asked, {"a": "yes", "b": "na"}).points == 100


def test_kappa_is_cohen_s() -> None:
    """The textbook's fifty: 20 yes and yes, 15 no and no, 5 and 10 where they differ; observed 0.7, by chance 0.5."""
    pairs = [("yes", "yes")] * 20 + [("no", "no")] * 15 + [("yes", "no")] * 5 + [("no", "yes")] * 10
    found = agreement(pairs)
    assert found.share == pytest.approx(0.7)
    assert found.kappa == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("pairs", "kappa"),
    [
        ([], None),
        ([("yes", "yes")] * 9, None),
        ([("yes", "yes"), ("no", "no")], 1.0),
        ([("yes", "no"), ("no", "yes")], -1.0),
        ([("yes", "yes"), ("yes", "no")], 0.0),
    ],
)
def test_kappa_at_its_ends(pairs: list[tuple[str, str]], kappa: float | None) -> None:
    assert agreement(pairs).kappa == (None if kappa is None else pytest.approx(kappa))


def test_the_order_in_which_contacts_are_given_changes_nothing() -> None:
    contacts = [contact(nth, 1 + nth % 3) for nth in range(60)]
    first = {one.contact.interaction_id: one.reason for one in draw(contacts, PACK, WEEK, NOTHING)}
    for seed in range(5):
        Random(seed).shuffle(contacts)
        assert {one.contact.interaction_id: one.reason for one in draw(contacts, PACK, WEEK, NOTHING)} == first


def test_every_contact_is_as_likely_to_be_drawn_as_any_other() -> None:
    """Over many weeks, each of ten contacts is drawn about two times in ten."""
    contacts = [contact(nth) for nth in range(10)]
    weeks, hits = 2_000, dict.fromkeys((one.interaction_id for one in contacts), 0)
    for nth in range(weeks):
        for one in draw(contacts, PACK, WEEK + timedelta(days=7 * nth), NOTHING):
            hits[one.contact.interaction_id] += one.reason == ""
    assert sum(hits.values()) == 2 * weeks
    # 400 each are expected; five standard deviations of a binomial are 90.
    assert all(abs(many - weeks * 0.2) < 90 for many in hits.values())


def test_a_rule_draws_at_most_so_many_and_one_that_cannot_say_draws_none() -> None:
    held = [contact(nth, held_seconds=400) for nth in range(12)]
    found = draw(held, PACK, WEEK, NOTHING)
    assert sum(one.reason == "long_hold" for one in found) == 5
    already = Already({one.contact.interaction_id: one.reason for one in found}, {})
    assert not [one for one in draw(held, PACK, WEEK, already) if one.reason == "long_hold"]


def test_a_rule_reads_the_contact_by_the_pack_s_clock() -> None:
    found = facts(contact(0, stage="leave", holds=2), "America/Los_Angeles")
    assert (found["hour"], found["weekday"], found["minutes"], found["stage"], found["holds"]) == (10, 2, 4, "leave", 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[sample]]\nkey = "long"\nlabel = "Long"\nrule = "minuts > 10"\nmost = 1\n', "did you mean minutes?"),
        ('[[sample]]\nkey = "long"\nlabel = "Long"\nrule = "minutes + 1"\nmost = 1\n', "long"),
        ('[[form]]\nkey = "post"\nlabel = "Post"\nchannels = ["pigeon"]\n[[form.question]]\nkey = "a"\nlabel = "A"\n', "pigeon"),
        ('[[form]]\nkey = "post"\nlabel = "Post"\n' + '[[form.question]]\nkey = "a"\nlabel = "A"\n' * 2, "twice"),
        ('[[form]]\nkey = "post"\nlabel = "Post"\n[[form.question]]\nkey = "a"\nlabel = "A"\nweight = 0\n', "greater than 0"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_form_or_a_rule_is_said_before_it_is_published(text: str, said: str) -> None:
    texts = texts_of(folder_of("telecom"))
    texts["quality.toml"] = texts["quality.toml"] + "\n" + text
    _, problems = check(texts)
    assert any(problem.file == "quality.toml" and said in str(problem) for problem in problems), problems
