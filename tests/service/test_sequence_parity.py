"""The same tomorrow: what one channel presented first, another shows first, on the same terms and in the same words, whatever
unrelated things happened between; and what must change it, does. On both databases."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from backend import db
from backend.catalogue import service as catalogues
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from backend.treatments.service import CustomerCard
from shared.kernel.actors import SYSTEM, Actor
from tests.small_company import (
    DAY,
    GRACE,
    KIM,
    NOW,
    answer,
    decide,
    enter,
    learn,
    offer_of,
    open_company,
    publish,
    row_of,
    tell,
    work,
)

HOUR = timedelta(hours=1)
Who = tuple[UUID, Actor]
"""A customer, and they themselves, signed in."""


@pytest.fixture(autouse=True)
def company(database: str) -> str:
    open_company()
    return database


def at_the_desk(who: Who, now: datetime, *, put: bool = False) -> CustomerCard:
    """What the agent has in front; `put`: and says to the customer."""
    card = treatments.recommend_for_agent(who[0], "phone", KIM, now).cards[0].card
    if put:
        answer(card.offer_id, "presented", now=now)
    return card


def in_the_portal(who: Who, now: datetime, *, put: bool = False) -> CustomerCard:
    """What the customer has in front; `put`: and it is rendered, not prefetched."""
    return treatments.recommend_for_customer(who[0], "portal", who[1], now, present=put).cards[0]


FACES = {"desk": at_the_desk, "portal": in_the_portal}


def essence(card: CustomerCard) -> tuple[Any, ...]:
    """Everything that must be the same wherever and whenever the offer is shown."""
    terms = tuple((t.key, t.label, t.value, t.text) for t in card.terms)
    return card.offer_id, card.treatment, terms, card.valid_until, card.headline, card.body, card.reference


def _repriced(_: Who, now: datetime) -> None:
    """Other words, terms and priorities for all that is or could be first, and treatments that would beat it."""
    price = [{"key": "price", "label": "Monthly", "unit": "money", "value": 19.0 + now.day}]
    portal = {"headline": f"New words {now.isoformat()}"}
    publish(
        now,
        faster={"term": price, "portal": portal, "acceptance": 0.01, "valid_days": 3},
        explain_bill={"portal": portal, "acceptance": 0.02},
        technician={"term": price, "portal": portal, "acceptance": 0.03},
        autumn={"acceptance": 0.9, "value": {"equity": 400.0}},
    )


def _dialled(_: Who, now: datetime) -> None:
    levers = {"autumn": 3.0, "faster": 0.01, "explain_bill": 0.01, "technician": 0.01}
    with db.transaction() as session:
        version = catalogues.in_force(session).catalogue.version
        catalogues.configure(session, version, levers, {"faster": 9.0}, SYSTEM, now)


def _another_answered(who: Who, now: datetime) -> None:
    decided = decide(now, who[0])
    others = [r.treatment for r in decided.ranked[1:] if not r.live]
    if others:
        answer(offer_of(decided, others[-1]), "declined", now=now, channel="portal", actor=who[1])


def _moment_told_again(who: Who, now: datetime) -> None:
    """The same moment, learned by the other channel too."""
    with db.reading() as session:
        moment = profiles.profile(session, who[0]).moment
    if moment is not None and moment.live(now):
        tell(moment.stage, moment.intent, now, "portal", who[0])


def _round_of_the_worker(_: Who, now: datetime) -> None:
    treatments.expire_due(now)
    work(now)


def _looked_at(who: Who, now: datetime) -> None:
    at_the_desk(who, now)
    in_the_portal(who, now, put=True)


UNRELATED: dict[str, Callable[[Who, datetime], None]] = {
    "a birthday": lambda who, now: learn(now, who[0], attributes={"age": 41 + now.day}),
    "a call": lambda who, now: learn(now, who[0], count={"calls": 1}, dates={"last_contact": now.date()}),
    "three calls": lambda who, now: learn(now, who[0], count={"calls": 3}),
    "a higher bill": lambda who, now: learn(now, who[0], attributes={"monthly": 88.0}),
    "a new catalogue": _repriced,
    "new levers and prices": _dialled,
    "something else declined": _another_answered,
    "the same moment again": _moment_told_again,
    "a look at both faces": _looked_at,
    "another customer's life": lambda _, now: learn(now, GRACE, attributes={"owed": float(now.day)}),
    "a round of the worker": _round_of_the_worker,
}


def sequence(seed: int, longest: timedelta) -> list[tuple[str, timedelta]]:
    """Some unrelated events with time between them, all within the time given."""
    chance = Random(seed)
    names = chance.sample(sorted(UNRELATED), 5)
    return list(zip(names, sorted(longest * chance.random() for _ in names), strict=True))


@pytest.mark.parametrize("moment", [None, ("pay", "bill"), ("support", "fault")], ids=["no moment", "bill", "fault"])
@pytest.mark.parametrize(("here", "there"), [("desk", "portal"), ("portal", "desk")])
def test_what_was_presented_first_is_first_in_the_other_channel(
    here: str, there: str, moment: tuple[str, str] | None
) -> None:
    for seed in range(4):
        who = enter(seed)
        publish()
        if moment:
            tell(*moment, customer_id=who[0])
        presented = FACES[here](who, NOW, put=True)
        for name, after in sequence(seed, 40 * HOUR if moment else 13 * DAY):
            UNRELATED[name](who, NOW + after)
            assert essence(FACES[there](who, NOW + after)) == essence(presented), (seed, name)
            assert essence(FACES[here](who, NOW + after)) == essence(presented), (seed, name)


def test_the_sequences_together_hold_every_kind_of_event() -> None:
    assert {name for seed in range(4) for name, _ in sequence(seed, DAY)} == set(UNRELATED)


def test_the_next_morning_at_the_other_face_it_can_be_taken_on_the_terms_of_yesterday() -> None:
    who = enter(1)
    presented = at_the_desk(who, NOW, put=True)
    _repriced(who, NOW + HOUR)
    line = answer(presented.offer_id, "accepted", NOW + DAY, "portal", who[1], seen=presented.version)
    assert [(t.key, t.value) for t in line.terms] == [(t.key, t.value) for t in presented.terms]


def _answered(response: Any) -> Callable[[Who, datetime], None]:
    def act(who: Who, now: datetime) -> None:
        answer(offer_of(decide(now, who[0]), "faster"), response, now=now)

    return act


CHANGES: dict[str, tuple[Callable[[Who, datetime], None], timedelta]] = {
    "another moment": (lambda who, now: tell("support", "fault", now, customer_id=who[0]), HOUR),
    "it was accepted": (_answered("accepted"), HOUR),
    "it was declined": (_answered("declined"), HOUR),
    "it was put off": (_answered("deferred"), HOUR),
    "it is no longer good for them": (lambda who, now: learn(now, who[0], attributes={"owed": 12.5}), HOUR),
    "a complaint": (lambda who, now: learn(now, who[0], values={"open_complaints": 1}), HOUR),
    "its date has passed": (lambda who, now: learn(now, who[0], attributes={"fibre": False}), 15 * DAY),
}


@pytest.mark.parametrize("face", ["desk", "portal"])
def test_what_must_change_it_does(face: str) -> None:
    publish(autumn={"in_force_until": "2027-12-31"})
    for nth, (name, (change, after)) in enumerate(CHANGES.items()):
        who = enter(nth)
        presented = at_the_desk(who, NOW, put=True)
        assert presented.treatment == "faster", name
        change(who, NOW + after)
        assert FACES[face](who, NOW + after).treatment != "faster", name


def test_a_moment_that_fades_lets_the_first_go() -> None:
    who = enter(1)
    tell("support", "fault", customer_id=who[0])
    presented = at_the_desk(who, NOW, put=True)
    assert presented.treatment == "technician"
    assert in_the_portal(who, NOW + 47 * HOUR).treatment == "technician"
    assert in_the_portal(who, NOW + 49 * HOUR).treatment == "faster"
    assert row_of(presented.offer_id).state == "presented"
