"""Subject access: all that is held of a customer, as JSON for programs and as one readable page without scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import Any
from uuid import UUID

from sqlmodel import Session

from backend.oversight.leaving import Tables, collect, named
from backend.record import service as record
from shared.kernel import dates
from shared.kernel.actors import Actor
from shared.kernel.errors import Forbidden
from shared.kernel.languages import gettext, noted, spoken

HEADINGS = {
    "customer": noted("Who you are, and what we know of you"), "identifier": noted("By what we recognise you"),
    "identifier_claim": noted("By what we recognise you, as it is looked up"), "customer_alias": noted("Under which ids we knew you before"),
    "moment": noted("Why we think you are here"), "consent": noted("What you allow"), "consent_entry": noted("What you said of it, and when"),
    "bill": noted("Your bills"), "credit": noted("Your credits"), "representative": noted("Who may act for you"), "membership": noted("To which households and accounts you belong, or belonged"),
    "customer_group": noted("Those households and accounts"), "credential": noted("Your sign-in"),
    "portal_session": noted("When and where you were signed in"), "known_device": noted("The devices that you have signed in on"), "entry_code": noted("Codes that you asked for to come in"),
    "passkey": noted("Your passkeys"), "authenticator": noted("Your authenticator"), "recovery_code": noted("Your codes on paper"),
    "contact_change": noted("New ways to reach you that are being checked"), "rating": noted("What you thought of us"), "wish": noted("What you asked for that is still to come"),
    "event": noted("What happened"), "interaction": noted("When we were in contact"), "visit": noted("Where you are at our pages"),
    "call": noted("Your calls"), "floor_word": noted("What supervisors said to those who spoke with you"), "customer_case": noted("What we do, or did, for you"),
    "case_message": noted("What was written in your cases"), "case_work": noted("How your cases stand"), "case_file": noted("Files in your cases"),
    "case_draft": noted("What we have begun to write to you"), "case_link": noted("Which of your cases have to do with each other"), "offer": noted("What we offered you"),
    "fulfilment": noted("What we did of what you accepted"), "decision": noted("What was decided for you"),
    "snapshot": noted("What those decisions were made from"), "ledger": noted("Where your offers stand"), "reservation": noted("What is reserved for you"),
    "outbox_job": noted("What is still to be done"), "audit_entry": noted("What is on the record of acts"), "change": noted("Of what our screens were told lately"),
    "webhook_delivery": noted("What was told to other systems"), "idempotency_key": noted("Answers that we keep for a day"),
    "look": noted("Who has looked at your data"), "parity_check": noted("Checks that named you"),
    "parity_view": noted("What each channel showed when they differed"),
    "learning_example": noted("What we learn from your answers"),
    "assignment": noted("In which of our comparisons you take part"),
    "alert": noted("Where you might have needed somebody"),
    "cancellation": noted("What you cancelled"),
    "payment": noted("Your payments"),
    "callback": noted("Calls that you asked for"),
    "task": noted("What we promised you"),
    "mail_sent": noted("Mails that we sent you"),
    "mail_received": noted("Mails that you sent us"),
    "review": noted("Contacts that were looked at again"),
    "review_past": noted("How that was seen before"),
    "article_customer_vote": noted("Which articles helped you"),
    "staff_notice": noted("What colleagues were told about you"),
    "desk_draft": noted("What was begun to be noted on your calls"),
    "desk_place": noted("At whose desk you are open"),
    "case_writing": noted("Who is just writing to you"),
    "report_contact": noted("Your contacts, as our reports count them"),
    "report_offer": noted("Your offers, as our reports count them"),
    "count_due": noted("What our reports still have to count"),
    "customer_merge": noted("When two records of you became one"),
    "duplicate_suggestion": noted("Who might be you as well"),
    "match_key": noted("By what we would find you twice"),
    "match_seen": noted("When we last looked for you twice"),
    "received": noted("What other systems told us"),
    "told": noted("What other systems said of you"),
    "erased_customer": noted("That you were erased"),
}  # fmt: skip
"""A table → its heading, in words of the customer."""
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1d21}"
    "h2{margin-top:2.5rem;border-bottom:1px solid #ccc}dl{display:grid;grid-template-columns:14rem 1fr;gap:.15rem 1rem;"
    "padding:.6rem 0;margin:0;border-bottom:1px solid #eee}dt{color:#5b6470}dd{margin:0;overflow-wrap:anywhere}dd dl{border:0;padding:0}"
)


@dataclass(frozen=True)
class Access:
    """All that is held of one customer at one instant, by table."""

    customer_id: UUID
    number: str
    name: str
    at: datetime
    tables: Tables

    @property
    def rows(self) -> int:
        return sum(len(rows) for rows in self.tables.values())

    @property
    def file_name(self) -> str:
        """Without its ending."""
        return f"subject-access-{''.join(c for c in self.number if c.isalnum() or c in '-_')}"


def subject_access(session: Session, customer_id: UUID, actor: Actor, now: datetime, *, noted: bool = True) -> Access:
    """All that is held of the customer; that it was handed over is on the record (`noted`).

    Raises NotFound, and Forbidden for anyone but the customer themselves and those who handle such requests.
    """
    who = named(session, customer_id)
    if not (actor.customer_id == who.customer_id or actor.may("handle_privacy")):
        raise Forbidden("This is the customer's own, and for those who handle such requests.")
    if noted:
        record.audit(
            session, actor=actor, action="customer.exported", subject=f"customer:{who.customer_id}",
            customer_id=who.customer_id, payload={}, now=now,
        )  # fmt: skip
        session.flush()
    return Access(who.customer_id, who.number, who.name, now, collect(session, who))


def as_json(access: Access) -> str:
    """One object: whose it is, when, and each table's rows with every column."""
    about = {"customer_id": access.customer_id, "number": access.number, "name": access.name, "at": access.at}
    return json.dumps({**about, "tables": access.tables}, default=_plain, ensure_ascii=False, indent=1)


def as_html(access: Access) -> str:
    """The same as one page that needs nothing else, everything escaped."""
    return "".join(_page(access))


def _page(access: Access) -> Iterator[str]:
    title = gettext("What is held of %(name)s", name=access.name)
    yield f'<!doctype html><html lang="{escape(spoken())}"><head><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style></head><body>'
    whose = gettext("Customer %(number)s, as of %(at)s.", number=access.number, at=_text(access.at))
    all_of_it = gettext(
        "This is everything, also what only our programs read. Nothing is left out but what proves your password."
    )
    names = gettext("The names of the fields are those of our programs.")
    yield f"<h1>{escape(title)}</h1><p>{escape(whose)} {escape(all_of_it)} {escape(names)}</p><ul>"
    for table, rows in _in_order(access.tables):
        yield f'<li><a href="#{escape(table)}">{escape(_heading(table))}</a>: {len(rows):,}</li>'
    yield "</ul>"
    for table, rows in _in_order(access.tables):
        yield f'<section><h2 id="{escape(table)}">{escape(_heading(table))}</h2>'
        for row in rows:
            yield _pairs(row)
        yield "</section>"
    yield "</body></html>"


def _in_order(tables: Tables) -> list[tuple[str, list[dict[str, Any]]]]:
    order = {table: place for place, table in enumerate(HEADINGS)}
    return sorted(tables.items(), key=lambda item: (order.get(item[0], len(order)), item[0]))


def _heading(table: str) -> str:
    return gettext(HEADINGS[table]) if table in HEADINGS else table.replace("_", " ").capitalize()


def _pairs(row: dict[str, Any]) -> str:
    lines = (f"<dt>{escape(str(key).replace('_', ' '))}</dt><dd>{_value(value)}</dd>" for key, value in row.items())
    return f"<dl>{''.join(lines)}</dl>"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return _pairs(value) if value else escape(_text(None))
    if isinstance(value, (list, tuple)):
        return "".join(f"<div>{_value(one)}</div>" for one in value) if value else escape(_text(None))
    return escape(_text(value))


def _text(value: Any) -> str:
    if value is None:
        return gettext("nothing")
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, datetime):
        return f"{dates.long_day(value.date())}, {value:%H:%M:%S} UTC"
    if isinstance(value, date):
        return dates.long_day(value)
    return str(value)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)
