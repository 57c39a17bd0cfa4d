"""A customer's bills as they read them: what is to pay, each bill with its lines, and why it is not what the last one was."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from backend import db
from backend.catalogue import service as catalogues
from backend.overview import lines
from backend.overview.bill_changes import BillChange, changes
from backend.overview.types import BillLine
from backend.paying import service as paying
from backend.paying.service import Payment
from backend.profiles import service as profiles
from backend.profiles.types import Credit
from backend.treatments import service as treatments
from backend.treatments.cards import OfferLine
from shared.kernel import clock
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden, NotFound
from shared.kernel.languages import gettext
from shared.kernel.money import Money

READ_BILLS = 24
CHARTED = 12
AGREED = ("accepted", "fulfilled", "pending_approval")


@dataclass(frozen=True, slots=True)
class BillsPage:
    """What is to pay, the bills of two years, newest first, and what was agreed about paying."""

    bills: tuple[BillLine, ...]
    balance: Money
    timezone: str
    credits: tuple[Credit, ...]
    """What will be taken off the next bill."""
    agreed: tuple[OfferLine, ...]
    due: BillLine | None
    """The bill to be paid first."""

    @property
    def charted(self) -> tuple[BillLine, ...]:
        """The last twelve, oldest first."""
        return tuple(reversed(self.bills[:CHARTED]))


@dataclass(frozen=True, slots=True)
class BillPage:
    """One bill, what changed since the one before, and what was tried and paid for it."""

    bill: BillLine
    before: BillLine | None
    changes: tuple[BillChange, ...]
    payments: tuple[Payment, ...]
    timezone: str
    phone: str
    name: str
    used: tuple[tuple[str, float, str], ...]
    """What was used in its month: of what, how much, counted in what."""

    @property
    def difference(self) -> Money | None:
        """How much more than the one before; None for the first bill."""
        return None if self.before is None else self.bill.amount - self.before.amount


@dataclass(frozen=True, slots=True)
class PaymentPage:
    """A payment, its bill as it stands, and where to ask."""

    payment: Payment
    bill: BillLine | None
    timezone: str
    phone: str
    email: str


def bills_page(actor: Actor, now: datetime) -> BillsPage:
    """The signed-in customer's bills of two years, and what is still to pay."""
    customer_id = _own(actor)
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
        pack = catalogues.pack_in_force(session)
        found = profiles.bills(session, profile.customer_id, READ_BILLS)
        credits = profiles.waiting_credits(session, profile.customer_id)
        agreed = treatments.agreed_about(session, profile.customer_id, treatments.ABOUT_PAYING, AGREED, actor, now)
    today = clock.local_day(now, profile.timezone)
    bills = tuple(lines.bill_line(bill, today) for bill in found)
    unpaid = [one for one in bills if one.status != "paid" and one.amount.minor > 0]
    return BillsPage(
        bills, lines.balance(bills, pack.currency), profile.timezone, credits, agreed,
        min(unpaid, key=lambda one: one.due_on, default=None),
    )  # fmt: skip


def bill_page(actor: Actor, bill_id: UUID, now: datetime) -> BillPage:
    """One of the signed-in customer's bills. Raises NotFound, for another customer's too."""
    customer_id = _own(actor)
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
        pack = catalogues.pack_in_force(session)
        bill = profiles.bill_of(session, profile.customer_id, bill_id)
        earlier = profiles.bill_before(session, profile.customer_id, bill_id)
        tried = paying.payments_of(session, profile.customer_id, [bill_id])
    today = clock.local_day(now, profile.timezone)
    before = lines.bill_line(earlier, today) if earlier is not None else None
    found = changes(bill.lines, before.lines, bill.amount.currency) if before is not None else ()
    # One for which the provider gave no page was never begun, as far as the customer knows.
    payments = tuple(one for one in tried if one.page or one.state != "started")
    shown = replace(lines.bill_line(bill, today), lines=tuple((pack.said(text), much) for text, much in bill.lines))
    return BillPage(
        shown, before, tuple(replace(one, text=pack.said(one.text)) for one in found), payments, profile.timezone, pack.phone, profile.name,
        tuple((pack.said(kind.label), bill.usage[kind.key], pack.said(kind.unit)) for kind in pack.usage if kind.key in bill.usage)
    )  # fmt: skip


def payment_page(actor: Actor, payment_id: UUID, now: datetime) -> PaymentPage:
    """One of the signed-in customer's payments. Raises NotFound, for another customer's too."""
    customer_id = _own(actor)
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
        pack = catalogues.pack_in_force(session)
        payment = paying.payment_of(session, profile.customer_id, payment_id)
        try:
            bill = profiles.bill_of(session, profile.customer_id, payment.bill_id)
        except NotFound:
            bill = None
    today = clock.local_day(now, profile.timezone)
    shown = lines.bill_line(bill, today) if bill is not None else None
    return PaymentPage(payment, shown, profile.timezone, pack.phone, profile.email or "")


def _own(actor: Actor) -> UUID:
    if actor.customer_id is None:
        raise Forbidden(gettext("This page is for customers."))
    return actor.customer_id
