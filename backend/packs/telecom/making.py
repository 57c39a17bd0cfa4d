"""Makes people and two years of history for the real customers of a file: made up by a seed, and fitting each one's attributes."""

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from backend.packs.telecom.history import Life, live
from backend.packs.telecom.identities import Names, birth_date, customer_number
from backend.packs.telecom.made import MadeBill, MadeConsent, MadeCustomer, MadeEvent, MadeHolding, MadeLine
from backend.packs.telecom.rows import COLUMNS, Row, read_customers
from backend.packs.telecom.using import with_usage

__all__ = ["MadeBill", "MadeConsent", "MadeCustomer", "MadeEvent", "MadeLine", "Row", "people", "read_customers"]

MADE_ATTRIBUTES = ("birth_date", "care_note", "left_on")
WORDING = "You may tell me about offers and news that fit me."
_CONSENT_CHANNELS = ("phone", "portal", "email", "sms", "chat", "branch")


def people(rows: Iterable[Row], anchor: datetime, seed: int = 2026) -> Iterator[MadeCustomer]:
    """Each row's customer with a made-up identity and a history of up to two years before `anchor` (aware).

    The same rows, seed and calendar day of the anchor give the same people. Nothing happens after the day before the anchor,
    and nothing after the day on which a customer left.
    """
    if anchor.tzinfo is None:
        raise ValueError("anchor must be aware of its time zone")
    names = Names(seed)
    for place, row in enumerate(rows):
        number = str(row.get("number") or customer_number(place))
        identity = names.next(place, str(row["gender"]))
        rng = Random(f"{seed}/{number}")
        zone = ZoneInfo(identity.timezone)
        # The anchor's own day is taken once for all, so that the same hour of loading makes the same people everywhere.
        today = anchor.astimezone(ZoneInfo("America/Los_Angeles")).date()
        life = live(row, today, zone, rng)
        yield MadeCustomer(
            number=number,
            name=identity.name,
            email=identity.email,
            phone=identity.phone,
            timezone=identity.timezone,
            language="en",
            since=life.since,
            attributes={
                **{key: row[key] for key in COLUMNS},
                "birth_date": birth_date(bool(row["senior_citizen"]), today, rng).isoformat(),
                "care_note": _care_note(rng),
                "left_on": life.left_on.isoformat() if life.left_on else None,
            },
            made_attributes=MADE_ATTRIBUTES,
            facts=life.facts,
            bills=with_usage(row, life.bills, Random(f"{seed}/{number}/usage")),
            events=life.events,
            consents=tuple(_consents(life, zone, rng)),
            holdings=tuple(_lines(row, Random(f"{seed}/{number}/lines"))),
        )


def _lines(row: Row, rng: Random) -> Iterator[MadeHolding]:
    """One phone line or two; now and then one drops calls."""
    count = 0 if not row["phone_service"] else 2 if row["multiple_lines"] == "Yes" else 1
    for nth in range(1, count + 1):
        dropped = rng.randrange(4, 12) if rng.random() < 0.05 else rng.randrange(3)
        label = f"Line {nth}"
        yield MadeHolding("line", label, {"name": label, "dropped_calls_30d": dropped})


def _care_note(rng: Random) -> str:
    """A few customers need special care; the pack's protective states read this."""
    draw = rng.random()
    return "bereaved" if draw < 0.003 else "vulnerable" if draw < 0.014 else "none"


def _consents(life: Life, zone: ZoneInfo, rng: Random) -> Iterator[MadeConsent]:
    """Seven in ten take news and offers; who does may still not want them by phone or text message."""
    at = datetime.combine(life.since + timedelta(days=0), time(10, rng.randrange(60)), zone).astimezone(ZoneInfo("UTC"))
    willing = rng.random() < 0.78
    for channel in _CONSENT_CHANNELS:
        refused = {"phone": 0.02, "sms": 0.3, "email": 0.1}.get(channel, 0.0)
        granted = willing and rng.random() >= refused
        yield MadeConsent("marketing", channel, "granted" if granted else "denied", "sign-up form", WORDING, at)
