"""Scores over the whole base: the day's cut-offs, each profile's scores when its day begins, and the segments that they describe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from backend import db
from backend.catalogue import service as catalogues
from backend.ingest import service as ingest
from backend.interactions import service as interactions
from backend.overview import segmenting
from backend.overview import service as overview
from backend.people import service as people
from backend.profiles import scoring
from backend.profiles import service as profiles
from shared.kernel import clock
from tests.cast import AGENT, PORTAL_CUSTOMER
from tests.pages import Browser

pytestmark = pytest.mark.usefixtures("loaded")


def everyone() -> list[profiles.Profile]:
    with db.reading() as session:
        starts = profiles.beginnings(session, 10_000)
        return [one for start in starts for one in profiles.between(session, start, None)]


def scores(customer_id: UUID) -> tuple[int, ...]:
    with db.reading() as session:
        values = profiles.profile(session, customer_id).facts["values"]
    return tuple(values.get(key, 0) for key in profiles.SCORES.values())


def paid_by_hand(one: profiles.Profile) -> tuple[int, int, float] | None:
    """Days since the last, how many and how much in a year, counted in another way than the one that is tested."""
    last = one.facts.get("dates", {}).get("last_payment")
    if last is None:
        return None
    today = clock.local_day(clock.now(), one.timezone)
    year = {(today - timedelta(days=back)).isoformat() for back in range(365)}
    days = one.facts.get("days", {})
    many = sum(n for day, n in days.get("payments", {}).items() if day in year)
    much = sum(n for day, n in days.get("paid", {}).items() if day in year)
    return (today - type(today).fromisoformat(last)).days, many, much


def test_the_worker_works_out_the_cut_offs_once_a_day_in_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "STRETCH", 50)
    monkeypatch.setattr(scoring, "_BASE", scoring._BASE.limit(50))
    step, now = overview.scorer(), clock.now()
    turns = 0
    while step(now):
        turns += 1
    assert turns == len(everyone()) // 50
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        cuts = profiles.cuts_now(session, pack)
    base = [values for one in everyone() if (values := paid_by_hand(one)) is not None]
    assert cuts is not None
    assert cuts.customers == len(base) > 50
    for place, found in enumerate((cuts.recency, cuts.frequency, cuts.monetary)):
        ordered = sorted(values[place] for values in base)
        assert found == pytest.approx([ordered[len(base) * part // 5] for part in (1, 2, 3, 4)])
    assert step(now) == 0, "the day's are there"
    tomorrow = now + timedelta(days=1)
    while step(tomorrow):
        pass
    with db.reading() as session:
        after = profiles.cuts_now(session, pack)
    assert after is not None
    assert after.day > cuts.day


def test_everyone_scored_now_is_in_the_segment_that_their_scores_say() -> None:
    done = overview.score_all(clock.now())
    assert done.customers == len(everyone())
    assert done.changed > 50
    assert sum(done.segments.values()) == done.cuts.customers, "who is scored is in just one of them"
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
    for one in everyone():
        seen = profiles.snapshot(one, clock.now(), pack)
        described = [s.key for s in pack.segments if s.kind == "descriptive" and s.key in seen.segments]
        scored = any(seen.facts[key] for key in profiles.SCORES.values())
        assert len(described) == scored
        assert scored == (paid_by_hand(one) is not None)
    again = overview.score_all(clock.now())
    assert again.changed == 0


def test_scores_follow_when_a_day_begins_and_the_timeline_says_why() -> None:
    with db.reading() as session:
        one = profiles.search(session, identifier=f"number:{PORTAL_CUSTOMER}").items[0].id
    step, now = overview.scorer(), clock.now()
    while step(now):
        pass
    assert scores(one) == (0, 0, 0)
    tomorrow = now + timedelta(days=1, hours=12)
    while overview.renew_due(tomorrow):
        pass
    assert all(1 <= score <= 5 for score in scores(one))
    with db.reading() as session:
        events = [e for e in interactions.timeline(session, one, limit=100).items if e.kind == "segment.entered"]
    told = [e for e in events if e.data["key"].startswith("rfm_")]
    assert len(told) == 1
    assert ["Recency, 1 to 5", scores(one)[0]] in told[0].data["why"]


def test_a_payment_that_comes_in_counts_for_the_scores() -> None:
    told = {
        "type": "track", "userId": "payer", "event": "Payment Made", "messageId": "p1",
        "properties": {"amount": 99_000.0}, "timestamp": clock.now().isoformat(),
    }  # fmt: skip
    assert ingest.take([told], "billing", clock.now())[0].taken
    overview.score_all(clock.now())
    with db.reading() as session:
        whose = profiles.owner(session, "external", "payer")
    assert whose is not None
    recency, _, monetary = scores(whose)
    assert (recency, monetary) == (5, 5)


def test_saving_a_descriptive_segment_keeps_it_one() -> None:
    text = '[[segment]]\nkey = "a"\nlabel = "A"\nkind = "descriptive"\nrule = "rfm_recency >= 4"\n'
    after = segmenting.with_segment(text, "a", "B", "rfm_recency >= 5", None)
    assert 'kind = "descriptive"' in after
    assert 'label = "B"' in after


def test_the_api_and_the_desk_show_both_kinds_side_by_side_with_why(
    api_app: Flask, desk_as: Callable[[str], Browser]
) -> None:
    with db.transaction() as session:
        one = profiles.search(session, identifier=f"number:{PORTAL_CUSTOMER}").items[0].id
        profiles.learn(session, one, attributes={"tenure": 61, "churned": False}, now=clock.now())
        key = people.create_key(session, ["all"], clock.now())[1]
    done = overview.score_all(clock.now())
    headers = {"Authorization": f"Bearer {key}"}
    listed = api_app.test_client().get("/api/v1/segments", headers=headers).get_json()["items"]
    assert {item["kind"] for item in listed} == {"rule", "descriptive"}
    told: dict[str, Any] = api_app.test_client().get(f"/api/v1/customers/{one}", headers=headers).get_json()
    by_key = {item["key"]: item for item in told["memberships"]}
    assert by_key["long_standing"]["kind"] == "rule"
    assert ["Months with us", 61] in by_key["long_standing"]["why"]
    (described,) = [item for item in told["memberships"] if item["kind"] == "descriptive"]
    assert tuple(item["score"] for item in told["scores"]["items"]) == scores(one)
    assert told["scores"]["as_of"] == done.cuts.day.isoformat()
    assert told["scores"]["items"][2]["cuts"] == list(done.cuts.monetary)
    page = desk_as(AGENT).get(f"/customers/{one}").text
    assert described["label"] in page
    assert "With us for five years or more" in page
    assert f"Scored against {done.cuts.customers:,} customers" in page
