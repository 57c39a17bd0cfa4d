"""Export and erasure: every table that holds something of a customer is in both."""

import tempfile
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlmodel import Session

from backend import db
from backend.budgets import service as budgets
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.identities import service as identities
from backend.interactions import service as interactions
from backend.knowledge import service as knowledge
from backend.knowledge.types import Voter
from backend.mail import service as mail
from backend.people import service as people
from backend.profiles import service as profiles
from backend.record import service as record
from backend.treatments import service as treatments
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import Erased, NotFound
from shared.kernel.money import Money
from tests.architecture.test_tables import tables
from tests.mailing import come_in, letter, sending

KEPT = {
    "decision": "holds numbers and versions, no name; a replay says that its inputs were erased",
    "audit_entry": "stays in the chain, its payload emptied",
}

pytestmark = pytest.mark.usefixtures("loaded_sqlite")


def held(session: Session, customer_id: UUID) -> dict[str, int]:
    """How many rows each table holds of the customer."""
    owned = {name: table for name, table in tables().items() if "customer_id" in table.c}
    assert len(owned) >= 12
    counts = {
        name: session.execute(select(func.count()).where(table.c.customer_id == customer_id)).scalar_one()
        for name, table in owned.items()
    }
    return {name: count for name, count in counts.items() if count}


def busy_customer() -> UUID:
    """A customer with something in as many tables as today's acts can fill."""
    now = clock.now()
    with db.reading() as session:
        customer_id, merged, alike = (one.id for one in profiles.search(session, limit=3).items)
        pack = catalogues.pack_in_force(session)
    with db.transaction() as session:
        profiles.set_moment(session, customer_id, "support", None, "stated", "phone", SYSTEM, now, pack)
        identities.merge(session, merged, customer_id, actor=SYSTEM, now=now)
        identities.suggest(session, [(customer_id, alike, 21.0, ())], now)
        identities.look(session, customer_id, {}, now)
        identities.suggest(session, [(customer_id, alike, 21.0, ())], now)
    offer = treatments.decide(customer_id, now).ranked[0]
    with db.transaction() as session:
        record.add_endpoint(session, "http://127.0.0.1:9/hook", (), by="test", key=b"k" * 32, tls_only=False, now=now)
        treatments.answer(session, UUID(offer.offer_id), "accepted", channel="phone", actor=SYSTEM, now=now)
        treatments.fulfil(session, customer_id, {"offer_id": offer.offer_id}, now)
        cases.open_case(session, customer_id, "callback", "The bill", actor=SYSTEM, now=now)
        helped = knowledge.public_article(session, "read-your-bill")
        knowledge.vote(session, helped.article_id, 1, True, Voter("customer", customer_id), now)
        interactions.record_representative(
            session, customer_id, name="Rosa", relation="carer", authority="Seen", may_act=True, actor=SYSTEM, now=now
        )
        interactions.join_group(
            session, customer_id, "home", kind="household", name="", traits={}, source="crm", label="Records", since=now,
            actor=SYSTEM, now=now,
        )  # fmt: skip
        profiles.book_credit(session, customer_id, UUID(offer.offer_id), "A credit", Money(100, "USD"), now)
    with db.reading() as session:
        address = profiles.profile(session, customer_id).email
    assert address
    with sending(), db.transaction() as session:
        mail.post(session, customer_id=customer_id, to=address, subject="A", text="B", purpose="case", at=now)
    with tempfile.TemporaryDirectory() as home:
        assert come_in(Path(home), letter(address), now).customer_id == customer_id
    return customer_id


def test_an_export_has_every_row_that_any_table_holds_of_the_customer() -> None:
    customer_id = busy_customer()
    with db.reading() as session:
        exported = {
            name: rows
            for room in (profiles, interactions, cases, knowledge, mail, treatments, budgets, identities, record)
            for name, rows in room.export_customer(session, customer_id).items()
        }
        counts = held(session, customer_id)
    filled = {"offer", "decision", "snapshot", "ledger", "moment", "bill", "event", "outbox_job", "audit_entry"}
    filled |= {"customer_merge", "duplicate_suggestion", "match_key", "match_seen", "customer_alias"}
    filled |= {
        "fulfilment",
        "customer_case",
        "credit",
        "webhook_delivery",
        "representative",
        "membership",
        "mail_sent",
        "mail_received",
        "article_customer_vote",
    }
    assert filled <= set(counts)
    assert {name: len(exported[name]) for name in counts} == counts


def test_erasure_leaves_only_what_names_nobody() -> None:
    customer_id = busy_customer()
    with db.transaction() as session:
        decision_id = treatments.all_ids(session)[-1]
        for erase in (
            treatments.erase_customer,
            budgets.erase_customer,
            cases.erase_customer,
            mail.erase_customer,
            knowledge.erase_customer,
            interactions.erase_customer,
            identities.erase_customer,
            people.erase_customer,
        ):
            erase(session, customer_id)
        record.erase_customer(session, customer_id, actor=SYSTEM, now=clock.now())
        profiles.erase_customer(session, customer_id)
    with db.reading() as session:
        assert set(held(session, customer_id)) <= set(KEPT)
        assert all(
            entry["payload"] in (None, {}) for entry in record.export_customer(session, customer_id)["audit_entry"]
        )
        with pytest.raises(NotFound):
            profiles.profile(session, customer_id)
        with pytest.raises(Erased):
            treatments.replay(session, decision_id)
