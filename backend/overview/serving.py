"""What a customer has with us: plan, add-ons, what they cancelled, and what it came to month by month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from backend import db
from backend.cancelling import service as cancelling
from backend.cancelling.types import Cancellation
from backend.catalogue import service as catalogues
from backend.matrix.service import Pack
from backend.overview import lines
from backend.overview.cancelling import cancellation_said
from backend.overview.types import BillLine, ServiceLine
from backend.profiles import service as profiles
from backend.profiles.types import Bill
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden
from shared.kernel.languages import gettext

CHARTED = 12


@dataclass(frozen=True, slots=True)
class Used:
    """How much of one thing was used, month by month, oldest first: the bill's day, and the amount."""

    label: str
    unit: str
    months: tuple[tuple[date, float], ...]


@dataclass(frozen=True, slots=True)
class ServicesPage:
    """What the customer has, what else is known of them that they may see (label, text), and what they cancelled."""

    services: tuple[ServiceLine, ...]
    details: tuple[tuple[str, str], ...]
    standing: tuple[Cancellation, ...]
    charted: tuple[BillLine, ...]
    """The last twelve bills, oldest first."""
    timezone: str
    used: tuple[Used, ...]


def _used(bills: Sequence[Bill], pack: Pack) -> Iterator[Used]:
    for kind in pack.usage:
        months = tuple((bill.issued_on, bill.usage[kind.key]) for bill in reversed(bills) if kind.key in bill.usage)
        if len(months) > 1:
            yield Used(pack.said(kind.label), pack.said(kind.unit), months)


def services_page(actor: Actor, now: datetime) -> ServicesPage:
    """What the signed-in customer has, of what they may see. Raises Forbidden for anyone but customers."""
    if actor.customer_id is None:
        raise Forbidden(gettext("This page is for customers."))
    with db.reading() as session:
        profile = profiles.profile(session, actor.customer_id)
        pack = catalogues.pack_in_force(session)
        asked = cancelling.standing(session, profile.customer_id)
        bills = profiles.bills(session, profile.customer_id, CHARTED)
    snapshot = profiles.snapshot(profile, now, pack)
    today = date.fromisoformat(snapshot.today)
    return ServicesPage(
        lines.services(snapshot, pack, "customer"), lines.details(snapshot, pack, "customer"), tuple(cancellation_said(one, pack) for one in asked),
        tuple(lines.bill_line(bill, today) for bill in reversed(bills)), profile.timezone, tuple(_used(bills, pack)),
    )  # fmt: skip
