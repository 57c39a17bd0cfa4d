"""Two customers with something in every table, and what the database holds of them, for tests of merges."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from backend import db
from backend.cancelling.tables import CancellationRow
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.identities import service as identities
from backend.interactions import service as interactions
from backend.paying.tables import PaymentRow
from backend.people import service as people
from backend.profiles import service as profiles
from backend.proving import service as proving
from backend.record import service as record
from backend.treatments import service as treatments
from shared.kernel import clock
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.money import Money
from tests.architecture.test_tables import tables

STAY = {
    "audit_entry": "sealed over the ids of its time",
    "count_due": "word of whom to count anew, gone in seconds",
    "change": "what watchers were told, gone in an hour",
    "erased_customer": "who is gone is nobody's",
    "look": "on record for the id that was looked at; read for every id of the customer",
    "match_key": "made again from the profile",
    "match_seen": "made again from the profile",
    "report_contact": "made again from what happened, in seconds",
    "report_offer": "made again from what happened, in seconds",
}
"""Tables that a merge leaves alone, and why."""
VERSIONS = {"customer": ("version", "updated_at")}
"""What only ever rises; a ledger's own row holds nothing else."""
OF_THE_MERGE = (
    "profile.updated",
    "life_cycle.changed",
    "segment.entered",
    "segment.left",
    "profile.merged",
    "profile.unmerged",
    "offer.withdrawn",
)


def supervisor() -> Actor:
    with db.reading() as session:
        found = people.find_staff(session, "supervisor")
        assert found is not None
        actor = people.staff_actor(session, found[0])
    assert actor is not None
    return actor


def two() -> tuple[UUID, UUID]:
    """Two customers, each with something in as many tables as today's acts can fill."""
    with db.reading() as session:
        items = profiles.search(session, limit=8).items
    first, second = items[0].id, items[5].id
    for customer_id in (first, second):
        busy(customer_id)
    return first, second


def busy(customer_id: UUID) -> None:
    now = clock.now()
    staff = supervisor()
    with db.transaction() as session:
        if not any(one.active for one in record.endpoints(session)):
            record.add_endpoint(
                session, "http://127.0.0.1:9/hook", (), by="test", key=b"k" * 32, tls_only=False, now=now
            )
        pack = catalogues.pack_in_force(session)
        profiles.set_moment(session, customer_id, "support", None, "stated", "phone", SYSTEM, now, pack)
        call = interactions.ring(session, f"of {customer_id}", "+13105550177", "", "inbound", ["supervisor"], now)
        interactions.answered(session, f"of {customer_id}", [], now)
        interactions.attach(session, call.call_id, customer_id, staff, now)
        interactions.visit(session, Actor("customer", str(customer_id), "A", customer_id=customer_id), "Bills", now)
    ranked = treatments.decide(customer_id, now).ranked
    answers = ("accepted", "presented", "deferred")
    for offer, response in zip(ranked, answers, strict=False):
        with db.transaction() as session:
            treatments.answer(session, UUID(offer.offer_id), response, channel="phone", actor=SYSTEM, now=now)
    with db.transaction() as session:
        if ranked:
            treatments.fulfil(session, customer_id, {"offer_id": ranked[0].offer_id}, now)
        cases.open_case(session, customer_id, "callback", "The bill", actor=SYSTEM, now=now)
        cases.open_case(session, customer_id, "case", "The line", actor=SYSTEM, now=now)
        interactions.record_representative(
            session, customer_id, name="Rosa", relation="carer", authority="Seen", may_act=True, actor=SYSTEM, now=now
        )
        for key, kind in (("Acme", "business"), (f"home of {customer_id}", "household")):
            interactions.join_group(
                session, customer_id, key, kind=kind, name="", traits={}, source="crm", label="Records", since=now,
                actor=SYSTEM, now=now,
            )  # fmt: skip
        profiles.book_credit(session, customer_id, UUID(int=customer_id.int + 1), "A credit", Money(100, "USD"), now)
        profiles.learn(session, customer_id, count={"calls": 2}, dates={"last_contact": now.date()}, now=now)
    treatments.decide(customer_id, now + timedelta(seconds=1))
    with db.transaction() as session:
        proving.write_down(
            session,
            customer_id,
            {"holdout:some": "treated"},
            life_cycle="active",
            segments=(),
            channel="phone",
            now=now,
        )
    _pays_and_leaves(customer_id, now)


def _pays_and_leaves(customer_id: UUID, now: datetime) -> None:
    row = {
        "customer_id": customer_id, "payment_id": UUID(int=customer_id.int + 2), "bill_id": UUID(int=customer_id.int + 3), "bill": "B9",
        "amount_minor": 100, "currency": "USD", "state": "started", "guard": customer_id.hex, "page": "", "provider_id": "", "method": "",
        "why": "", "notices": [], "started_at": now,
    }  # fmt: skip
    cancelled = {
        "customer_id": customer_id, "cancellation_id": UUID(int=customer_id.int + 4), "what": "tv", "label": "TV", "reference": "K7M4QX",
        "state": "asked", "guard": customer_id.hex, "last_day": now.date(), "early_minor": 0, "currency": "USD", "loses": [],
        "reason": "", "asked_at": now,
    }  # fmt: skip
    with db.transaction() as session:
        db.upsert(session, PaymentRow, [row], key=("customer_id", "payment_id"))
        db.upsert(session, CancellationRow, [cancelled], key=("customer_id", "cancellation_id"))


def held(*customer_ids: UUID) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table about these customers, in a steady order, without what only ever rises."""
    found = {}
    with db.reading() as session:
        for name, table in sorted(tables().items()):
            if (
                "customer_id" not in table.c
                or name in STAY
                or name
                in (
                    "customer_merge",
                    "duplicate_suggestion",
                    "ledger",
                )
            ):
                continue
            order = list(table.primary_key.columns)
            mine = table.c.customer_id.in_(customer_ids)
            rows = [dict(row._mapping) for row in session.execute(select(table).where(mine).order_by(*order))]
            for row in rows:
                for risen in VERSIONS.get(name, ()):
                    row.pop(risen)
            if name == "event":
                rows = [row for row in rows if row["kind"] not in OF_THE_MERGE]
            if name == "webhook_delivery":
                rows = [row for row in rows if row["event"] not in OF_THE_MERGE]
            if name == "outbox_job":
                rows = [row for row in rows if row["topic"] not in (identities.LOOK, profiles.HOUSEHOLD)]
            found[name] = rows
    return found


def merge(from_id: UUID, into_id: UUID, now: datetime | None = None, **more: Any) -> identities.Merge:
    with db.transaction() as session:
        return identities.merge(session, from_id, into_id, actor=supervisor(), now=now or clock.now(), **more)


def unmerge(merge_id: UUID, now: datetime | None = None) -> identities.Merge:
    with db.transaction() as session:
        return identities.unmerge(session, merge_id, actor=supervisor(), now=now or clock.now())
