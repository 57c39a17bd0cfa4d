"""What was offered about paying follows what is owed: nobody is left with a plan for money that they have paid since."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update

from backend import db
from backend.interactions import service as interactions
from backend.profiles import service as profiles
from backend.profiles.tables import BillRow, CustomerRow
from backend.treatments import service as treatments
from shared.kernel import clock, ids
from shared.kernel.actors import Actor
from shared.kernel.money import Money

BILL, CUSTOMER = db.table_of(BillRow), db.table_of(CustomerRow)
PLAN = "payment_plan"


class Owing:
    """A customer with two overdue bills, to whom paying in parts was offered, and something else that has nothing to do with it."""

    def __init__(self) -> None:
        with db.transaction() as session:
            overdue = select(BILL).where(BILL.c.status == "overdue", BILL.c.amount_minor >= 6_500)
            row = session.execute(overdue.order_by(BILL.c.customer_id, BILL.c.bill_id)).first()
            assert row is not None
            self.customer_id, self.first = row.customer_id, row.bill_id
            self.amount = Money(row.amount_minor, row.currency)
            self.second = ids.uuid7()
            session.execute(insert(BILL).values({**row._mapping, "bill_id": self.second, "reference": "B299901"}))
            facts = self.facts(session)
            values = {**facts["values"], "overdue_amount": 2 * self.amount.major}
            mine = CUSTOMER.c.customer_id == self.customer_id
            session.execute(
                update(CUSTOMER).where(mine).values(facts=facts | {"values": values}, version=CUSTOMER.c.version + 1)
            )
        self.actor = Actor("customer", str(self.customer_id), "A", customer_id=self.customer_id)
        self.look()

    def facts(self, session: Any) -> dict[str, Any]:
        return dict(profiles.profile(session, self.customer_id).facts)

    def look(self) -> dict[str, Any]:
        """Everything about paying that they see in the portal, presented by that: treatment → the first of its terms."""
        found = treatments.recommend_for_customer(self.customer_id, "portal", self.actor, clock.now(), limit=20)
        return {card.treatment: (card.offer_id, card.terms[0].text) for card in found.cards}

    def pay(self, bill_id: UUID) -> None:
        with db.transaction() as session:
            profiles.held(session, self.customer_id)
            profiles.pay_bill(session, self.customer_id, bill_id, self.amount, clock.now())
            treatments.bill_paid(session, self.customer_id, {}, clock.now())

    def events(self) -> list[str]:
        with db.reading() as session:
            told = interactions.timeline(session, self.customer_id, kinds={"offer.withdrawn"}, limit=20).items
        return [event.data["treatment"] for event in told]


@pytest.fixture
def owing(loaded: str) -> Owing:
    return Owing()


def test_what_is_owed_less_is_offered_in_smaller_parts(owing: Owing) -> None:
    before = owing.look()
    assert before[PLAN][1] == f"${2 * owing.amount.major:,.2f}"
    owing.pay(owing.first)
    after = owing.look()
    assert after[PLAN][1] == f"${owing.amount.major:,.2f}"
    assert after[PLAN][0] != before[PLAN][0], "another offer: what was presented is not rewritten"
    assert PLAN in owing.events()
    others = {key for key, (_, text) in before.items() if text != before[PLAN][1]}
    assert all(after[key][0] == before[key][0] for key in others & set(after)), "all other promises stand"
    with db.transaction() as session:
        treatments.bill_paid(session, owing.customer_id, {}, clock.now())
    assert owing.look() == after, "done again it does nothing"


def test_who_has_paid_everything_is_not_asked_to_pay_in_parts(owing: Owing) -> None:
    assert PLAN in owing.look()
    owing.pay(owing.first)
    owing.pay(owing.second)
    assert PLAN not in owing.look()


def test_what_they_agreed_to_stays_agreed(owing: Owing) -> None:
    offer_id = owing.look()[PLAN][0]
    with db.transaction() as session:
        treatments.answer(session, offer_id, "accepted", channel="portal", actor=owing.actor, now=clock.now())
    owing.pay(owing.first)
    with db.reading() as session:
        assert treatments.offer_page(session, offer_id, owing.actor, clock.now()).line.state == "accepted"
