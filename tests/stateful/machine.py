"""Drives the product and the model through the same random life of a customer, and compares them after each step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from itertools import count
from random import Random
from types import SimpleNamespace
from typing import Any, ClassVar

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from backend import db
from backend.interactions import service as interactions
from backend.profiles import service as profiles
from backend.treatments import asking
from backend.treatments import service as treatments
from backend.treatments.tables import DecisionRow, FulfilmentRow, OfferRow
from shared.kernel import clock
from shared.kernel.errors import EvenhandError
from tests import small_company as company
from tests.small_company import KIM, NOW
from tests.stateful.model import Model, Place
from tests.unit.reference import decision as reference
from tests.unit.reference import words

CHANNELS = ("phone", "portal", "email", "sms")
UNDO: dict[str, Any] = {
    key: {"fulfilment": {"undo_days": days}} for key, days in (("faster", 7), ("films", 14), ("autumn", 3))
}
CATALOGUES: dict[str, dict[str, Any]] = {
    "plain": {},
    "dearer": {"faster": {"term": [{"key": "price", "label": "A month", "unit": "money", "value": 11.0}]}, "autumn": {"value": {"equity": 90.0}, "excludes": ["faster"]}},
    "without films": {"films": None},
    "with a rival": {"extras": "sport music", "policies": {"exclusive_groups": ["channels"]}, "autumn": {"excludes": ["faster", "films"]}, "films": {"excludes": ["faster"]}},
    "a bundle": {"extras": "duo"},
    "hardly anything": {"policies": {"attention_cost": 0.8}, "pack": {"gap": [], "cap": []}},
    "stricter": {"pack": {"cap": [{"key": "week", "of": "all", "outcome": "presented", "days": 7, "most": 2}]}},
}  # fmt: skip
RESPONSES = ("presented", "presented", "accepted", "accepted", "declined", "deferred")
LESSONS = (
    ("owed", 12.5), ("owed", 0.0), ("fibre", False), ("fibre", True), ("contract", "monthly"), ("monthly", 88.0), ("calls", 1), ("calls", 6),
    ("complaints", 0), ("complaints", 1), ("denied", "portal"), ("granted", "portal"), ("denied", "phone"), ("granted", "email"),
)  # fmt: skip
ACTS: dict[str, tuple[float, dict[str, Sequence[Any]]]] = {
    "time_passes": (2, {"minutes": (7, 50, 400, 1440, 1440, 1440, 3000, 3 * 1440, 6 * 1440, 16 * 1440, 61 * 1440)}),
    "something_changes": (2, {"lesson": LESSONS}),
    "they_say_why_they_are_here": (0.7, {"moment": (("support", "fault"), ("pay", "bill"), ("leave", "leaving"), ("use", None))}),
    "a_catalogue_is_published": (1, {"name": (*CATALOGUES, "with a rival", "with a rival", "plain")}),
    "the_worker_makes_its_round": (1, {}),
    "someone_looks": (1, {"face": ("desk", "portal", "decision")}),
    "the_portal_puts_them": (1.5, {"limit": (1, 2, 3)}),
    "someone_answers": (5, {
        "pick": range(8), "response": RESPONSES, "channel": CHANNELS, "asking_first": (True, True, False),
        "reason": (None, "never", "not_now", "in my own words"), "days": (None, 1, 4),
    }),
    "someone_answers_whatever": (1.5, {"pick": range(30), "response": RESPONSES, "channel": CHANNELS, "seen": (None, 0, -1, 1)}),
    "someone_takes_back": (1, {"pick": range(4), "channel": CHANNELS, "seen": (None, None, 0, -1, 1)}),
}  # fmt: skip
"""Act → how often it happens beside the others, and the choices for each of its details."""
CLOSE = 1e-9
_OFFER: Any = OfferRow.__table__  # type: ignore[attr-defined]
_FULFILMENT: Any = FulfilmentRow.__table__  # type: ignore[attr-defined]
_DECISION: Any = DecisionRow.__table__  # type: ignore[attr-defined]
_numbers = count(1000)


@cache
def body(name: str) -> dict[str, Any]:
    return words.body(**changes(name))


def changes(name: str) -> dict[str, Any]:
    given = CATALOGUES[name]
    return {
        **given,
        **{key: {**change, **(given.get(key) or {})} for key, change in UNDO.items() if given.get(key, {}) is not None},
    }


class Life(RuleBasedStateMachine):
    """One customer, from their first day; whatever happens happens to the product and to the model."""

    met: ClassVar[Counter[str]] = Counter()
    """What happened in all lives together."""

    @initialize()
    def begin(self) -> None:
        self.now = NOW
        version = company.publish(self.now, **changes("plain"))
        self.customer_id, self.themselves = company.enter(next(_numbers))
        attributes = {"tenure": 24, "monthly": 70.0, "contract": "yearly", "fibre": True, "owed": 0.0}
        self.model = Model(
            {
                "attributes": attributes, "facts": {"days": {"calls": {}}, "values": {}, "dates": {}}, "moment": None,
                "consents": {f"marketing/{channel}": "granted" for channel in CHANNELS}, "timezone": "America/New_York",
            }, version, body("plain"),
        )  # fmt: skip
        self.stored: list[Any] = []
        self.someone_looks("decision")

    @rule(seed=st.integers(0, 2**64))
    def something_happens(self, seed: int) -> None:
        """One act, chosen with its details by plain chance: thousands of single choices would repeat each other."""
        chance = Random(seed)
        name = chance.choices(tuple(ACTS), [weight for weight, _ in ACTS.values()])[0]
        details = {key: chance.choice(choices) for key, choices in ACTS[name][1].items()}
        note(f"{name}({', '.join(f'{key}={value!r}' for key, value in details.items())})")
        getattr(self, name)(**details)

    # What happens

    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    def something_changes(self, lesson: tuple[str, Any]) -> None:
        """They call, complain, allow or forbid something, or become somewhat other than they were."""
        (what, value), now, profile = lesson, self._tick(), self.model.profile
        if what == "calls":
            company.learn(now, self.customer_id, count={"calls": value})
            days, today = profile["facts"]["days"]["calls"], self.model.customer(now).today.isoformat()
            days[today] = days.get(today, 0) + value
        elif what == "complaints":
            company.learn(now, self.customer_id, values={"open_complaints": value})
            profile["facts"]["values"]["open_complaints"] = value
        elif what in ("granted", "denied"):
            with db.transaction() as session:
                profiles.set_consent(session, self.customer_id, "marketing", value, what, "test", "Yes.", now)
            profile["consents"][f"marketing/{value}"] = what
        else:
            company.learn(now, self.customer_id, attributes={what: value})
            profile["attributes"][what] = value

    def they_say_why_they_are_here(self, moment: tuple[str, str | None]) -> None:
        company.tell(*moment, now=self._tick(), customer_id=self.customer_id)
        with db.reading() as session:
            told = profiles.profile(session, self.customer_id).moment
        assert told is not None
        assert (told.stage, told.intent, told.source) == (*moment, "stated")
        self.model.profile["moment"] = {
            name: getattr(told, name) for name in ("version", "stage", "intent", "source", "set_at", "fades_at")
        }

    def a_catalogue_is_published(self, name: str) -> None:
        self.model.publish(company.publish(self._tick(), **changes(name)), body(name))

    def the_worker_makes_its_round(self) -> None:
        now = self._tick()
        company.work(now)
        treatments.expire_due(now)
        self.model.fulfil()
        self.model.expire(now)

    # What is asked and answered

    def someone_looks(self, face: str) -> None:
        now = self._tick()
        if face == "desk":
            treatments.recommend_for_agent(self.customer_id, "phone", KIM, now)
        elif face == "portal":
            treatments.recommend_for_customer(self.customer_id, "portal", self.themselves, now, present=False)
        self._decided(now)

    def the_portal_puts_them(self, limit: int) -> None:
        """What is drawn in the portal counts as presented, in its order; the first of it as first."""
        now = self._tick()
        self._decided(now)
        here = self._here("portal", now)[:limit]
        rows = {(r.treatment, r.subject): r for r in self._rows() if r.state == "open"}
        expected = []
        for nth, place in enumerate(here):
            row = rows.get(place[:2])
            if row is not None and self.model.refusal(row, "presented", now, None, [place]) is None:
                expected.append(self.model.present(row, now, first=nth == 0))
        shown = treatments.recommend_for_customer(
            self.customer_id, "portal", self.themselves, now, present=True, limit=limit
        )
        standing = {o["id"] for o in self.model.offers if o["state"] in ("presented", "deferred")}
        assert {card.offer_id for card in shown.cards} <= standing
        assert {o["id"] for o in expected} <= {card.offer_id for card in shown.cards}

    def someone_answers(
        self, pick: int, response: Any, channel: str, asking_first: bool, reason: str | None, days: Any
    ) -> None:
        """What is in front is answered by someone who knows how it stands, or who has not asked for long."""
        if asking_first:
            self._decided(self._tick())
        now = self._tick()
        names = [(r.treatment, r.subject) for r in treatments.preview(self.customer_id, now).ranked]
        rows = [r for r in self._rows() if r.state in ("open", "presented") and (r.treatment, r.subject) in names]
        rows.sort(key=lambda r: names.index((r.treatment, r.subject)))
        if pick > 4:
            # Second thoughts: what was put off, or declined and now taken.
            rows = [r for r in self._rows() if r.state == "deferred" or (r.state, response) == ("declined", "accepted")]
        if rows:
            row = rows[pick % len(rows)]
            self._answer(row, response, channel, row.version if pick % 2 else None, reason, days, now)

    def someone_answers_whatever(self, pick: int, response: Any, channel: str, seen: int | None) -> None:
        """Any offer there ever was, by someone who saw it as it is, as it was, or as it never was."""
        rows = self._rows()
        if not rows:
            return
        row = rows[pick % len(rows)]
        self._answer(row, response, channel, None if seen is None else row.version + seen, None, None, self._tick())

    def _answer(
        self, row: Any, response: Any, channel: str, seen: int | None, reason: str | None, days: int | None, now: Any
    ) -> None:
        today = self.model.customer(now).today
        until = today + timedelta(days=days) if days and today + timedelta(days=days) <= row.valid_until else None
        ranked = self._offered(now)
        refused = self.model.refusal(row, response, now, seen, ranked)
        who = self.themselves if channel == "portal" else KIM
        told = self._told(
            lambda: company.answer(
                row.offer_id,
                response,
                now,
                channel,
                who,
                seen=seen,
                reason=reason,
                until=until if response == "deferred" else None,
            )
        )
        assert told == refused, (row.treatment, row.state, response, seen)
        self.met[f"{row.state} {response}: {refused or 'counts'}"] += 1
        if refused is None:
            known = self.model.offer(row.offer_id)
            if known is None:
                here = [place for place in ranked if self._delivered(place, channel, now)]
                known = self.model.present(row, now, first=bool(here) and here[0][:2] == (row.treatment, row.subject))
            if response != "presented":
                self.model.answer(known, response, now, reason, until)

    def someone_takes_back(self, pick: int, channel: str, seen: int | None) -> None:
        now, answered = self._tick(), self._answered()
        if not answered:
            return
        o = answered[pick % len(answered)]
        version = None if seen is None else o["number"] + seen
        refused = self.model.undoing(SimpleNamespace(offer_id=o["id"]), now, version)

        def take_back() -> None:
            with clock.frozen(now), db.transaction() as session:
                treatments.undo(session, o["id"], channel=channel, actor=self.themselves, now=now, seen=version)

        assert self._told(take_back) == refused, (o["treatment"], o["state"], version)
        self.met[f"taken back: {refused or 'counts'}"] += 1
        if refused is None:
            self.model.undo(o, now)

    # What holds after each of them

    @invariant()
    def all_holds(self) -> None:
        self.the_ledger_is_the_models()
        self.each_is_accepted_and_fulfilled_once()
        self.all_channels_agree_and_the_first_is_first()

    def the_ledger_is_the_models(self) -> None:
        rows = {r.offer_id: r for r in self._rows()}
        assert {i for i, r in rows.items() if r.state != "open"} == {o["id"] for o in self.model.offers}
        for o in self.model.offers:
            row = rows[o["id"]]
            assert (row.state, row.version) == (o["state"], o["number"]), o
            assert (row.treatment, row.subject, row.catalogue_version) == (o["treatment"], o["subject"], o["version"])
            assert [(t["key"], t["value"]) for t in row.terms] == o["terms"], "terms of what was presented never change"
            assert (row.valid_until, row.concession) == (o["valid_until"], o["concession"])
            assert (row.presented_on, row.presented_first, row.moment_key) == (
                o["presented_on"],
                o["first"],
                o["moment"],
            ), o
            assert (row.answered_on, row.until, row.reason) == (o["answered_on"], o["until"], o["reason"]), o
        standing = Counter(
            (r.treatment, r.subject) for r in rows.values() if r.state in ("open", "presented", "deferred")
        )
        assert set(standing.values()) <= {1}

    def each_is_accepted_and_fulfilled_once(self) -> None:
        with db.reading() as session:
            timeline = interactions.timeline(session, self.customer_id, limit=100).items
            done = (
                session.execute(select(_FULFILMENT.c.offer_id).where(_FULFILMENT.c.customer_id == self.customer_id))
                .scalars()
                .all()
            )
        told = Counter(
            (e.kind, str(e.data.get("offer_id"))) for e in timeline if e.kind in ("offer.accepted", "offer.fulfilled")
        )
        assert sorted(map(str, done)) == sorted(map(str, self.model.fulfilled))
        if len(timeline) < 100:
            assert {i for kind, i in told if kind == "offer.fulfilled"} == {str(i) for i in done}
            assert set(told.values()) <= {1}

    def all_channels_agree_and_the_first_is_first(self) -> None:
        shown = treatments.preview(self.customer_id, self.now).ranked
        wanted = self.model.decision(self.now)
        first = self.model.first(self.now, wanted)
        if first is not None:
            assert shown[0].offer_id == str(first["id"])
            self.met["a first stays first"] += 1
            self.met["a first stays first under another catalogue"] += first["version"] != self.model.version
        self.met.update({f"ends {o['state']}" for o in self.model.offers})
        assert [(r.treatment, r.subject) for r in shown] == [(p.treatment, p.subject) for p in wanted.ranked]
        for r, p in zip(shown, wanted.ranked, strict=True):
            assert abs(r.priority - p.priority) < CLOSE
            assert [(t.key, t.value) for t in r.terms] == p.terms
        if self.now.minute % 3 == 0:
            _, differences = treatments.compare_channels(self.customer_id, CHANNELS, self.now)
            assert differences == []

    def teardown(self) -> None:
        """Every decision of this life, made again from what was stored, is the same."""
        if not hasattr(self, "model"):
            return
        with db.reading() as session:
            ids = (
                session.execute(select(_DECISION.c.decision_id).where(_DECISION.c.customer_id == self.customer_id))
                .scalars()
                .all()
            )
            assert all(treatments.replay(session, i).identical for i in ids)
            assert set(self.stored) <= set(ids)

    def _tick(self) -> Any:
        """A minute later: no two acts happen at one instant."""
        self.now += timedelta(minutes=1)
        return self.now

    def _answered(self) -> list[Any]:
        """What was answered, the latest of what may be taken back before the rest."""
        found = [o for o in self.model.offers if o["answered_on"]]
        return sorted(found, key=lambda o: (o["undo_until"] is None, -found.index(o)))

    def _rows(self) -> list[Any]:
        """Every offer of theirs, the open ones too, in an order that does not depend on ids."""
        with db.reading() as session:
            rows = session.execute(select(_OFFER).where(_OFFER.c.customer_id == self.customer_id)).all()
        return sorted(rows, key=lambda r: (r.opened_at, r.treatment, r.subject))

    def _told(self, act: Any) -> str | None:
        """The name of the refusal; None where the act counted."""
        try:
            act()
        except EvenhandError as refused:
            return type(refused).__name__
        return None

    def _decided(self, now: Any) -> None:
        """The decision is what the reference says, or the one that stands with what was put first since at its head."""
        stood = asking.standing(self.customer_id, now)
        decided = treatments.decide(self.customer_id, now)
        self.stored.append(decided.decision_id)
        self.model.expire(now)
        if stood is not None:
            assert (decided.decision_id, decided.newly) == (stood.decision_id, False)
            first = self.model.first(now, self.model.decision(now))
            assert first is None or decided.ranked[0].offer_id == str(first["id"])
            return
        wanted = self.model.decision(now)
        assert decided.newly
        assert [(r.treatment, r.subject) for r in decided.ranked] == [(p.treatment, p.subject) for p in wanted.ranked]
        again = treatments.decide(self.customer_id, now)
        assert (again.decision_id, again.newly) == (decided.decision_id, False)

    def _offered(self, now: Any) -> list[Place]:
        """What may be answered now: the standing decision, else what the reference says."""
        stood = asking.standing(self.customer_id, now)
        if stood is not None:
            return [
                (r.treatment, r.subject, r.catalogue_version, [(t.key, t.value) for t in r.terms]) for r in stood.ranked
            ]
        return [(p.treatment, p.subject, p.version, p.terms) for p in self.model.decision(now).ranked]

    def _here(self, channel: str, now: Any) -> list[Place]:
        return [place for place in self._offered(now) if self._delivered(place, channel, now)]

    def _delivered(self, place: Place, channel: str, now: Any) -> bool:
        decision = reference.Decision(self.model.customer(now), [], {})
        like: Any = SimpleNamespace(treatment=place[0], version=place[2])
        return reference.undeliverable(decision, like, self.model.configuration, channel) is None
