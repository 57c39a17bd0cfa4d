"""The answer to a customer's question about a decision: drafted in plain words of their own language, checked, and sent in a case of theirs."""

from __future__ import annotations

import re
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from backend.cases.types import Case
from backend.casework import service as casework
from backend.profiles import service as profiles
from backend.profiles.service import Profile
from backend.record import service as record
from backend.treatments.service import DecisionPage, RankLine, Replay
from shared.kernel import dates, languages
from shared.kernel.actors import Actor
from shared.kernel.errors import Invalid
from shared.kernel.languages import gettext, noted

LONGEST = 5_000
CHANNEL = "portal"
"""Where the customer reads it beside their e-mail."""
_OURS = re.compile(
    r"(?i)\b(segments?|segmentos?|scores?|scored|scoring|puntuaci[oó]n|risks?|riesgos?|propensity|propensities|propensi[oó]n"
    r"|values?|rules?|reglas?)\b"
)
"""Words for colleagues. Customers read of prices, reasons and choices."""
WHY_NOT = {
    "in_force": noted("It could not be had on that day."),
    "eligible": noted("It is meant for customers whose contract or services were others than yours on that day."),
    "applicable": noted("As far as we knew, it did not fit what you needed on that day."),
    "suitable": noted("We thought that it would not have been good for you."),
    "consent": noted("You had not told us that we may speak to you about such things, so we did not."),
    "contact_policy": noted("We had been in touch about such things not long before, and did not want to trouble you again."),
    "budget": noted("All that we could give of it was taken on that day."),
    "holdout": noted("On that day it was offered to a part of our customers only, so that we could see whether it helps."),
    "arbitration": noted("We thought that it would have been of little use to you, so we kept it back."),
    "deliverable": noted("It could not be offered in the way in which we were in touch with you."),
}  # fmt: skip
"""The step that removed a treatment, as the customer may hear it."""


def draft(profile: Profile, day: date, page: DecisionPage | None, about: str, replay: Replay | None) -> tuple[str, str]:
    """Subject and text, in the customer's language, to be read and changed by whoever sends it. Pure."""
    with languages.speaking(languages.heard(profile.language)):
        when = dates.long_day(day)
        subject = gettext("Your question about %(day)s", day=when)
        parts = [gettext("Dear %(name)s,", name=profile.name), *_body(page, about, when)]
        if replay is not None and replay.identical:
            parts.append(gettext("We went through it again with what we knew on that day, and it comes out the same."))
        parts.append(
            gettext(
                "If something that we know of you is not right, or if you see it differently, please tell us by answering. Somebody will look at it again."
            )
        )
        return subject, "\n\n".join(parts)


def send(
    session: Session, customer_id: UUID, subject: str, text: str, *, decision_id: UUID | None, about: str, day: date, actor: Actor,
    now: datetime,
) -> Case:  # fmt: skip
    """The letter goes out in a case of its own, which it resolves: by e-mail where they have an address, and on their pages.

    That the question was answered is on the audit trail. Raises Invalid for a letter that is none, or has words for colleagues.
    """
    checked(subject, text)
    owner = profiles.resolve(session, customer_id)
    case = casework.open_case(session, owner, subject, channel=CHANNEL, actor=actor, now=now)
    casework.answer(
        session, owner, case.case_id, text, then="resolved", wait_days=None, seen=None, channel=CHANNEL, actor=actor, now=now
    )  # fmt: skip
    _on_trail(
        session, "enquiry.answered", str(case.case_id), owner, decision_id, about, day, case.reference, actor, now
    )
    return case


def note_printed(
    session: Session, customer_id: UUID, *, decision_id: UUID | None, about: str, day: date, actor: Actor, now: datetime
) -> None:  # fmt: skip
    """A letter was put on paper: that stands on the audit trail."""
    _on_trail(
        session, "enquiry.printed", f"customer:{customer_id}", customer_id, decision_id, about, day, None, actor, now
    )


def _on_trail(
    session: Session, action: str, subject: str, customer_id: UUID, decision_id: UUID | None, about: str, day: date, case: str | None,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    payload = {
        "day": day.isoformat(), "decision_id": str(decision_id) if decision_id else None, "about": about, "case": case,
    }  # fmt: skip
    record.audit(
        session, actor=actor, action=action, subject=subject, customer_id=customer_id, payload=payload, now=now
    )


def checked(subject: str, text: str) -> None:
    """Raises Invalid for what is no letter to a customer: nothing, too much, or words for colleagues."""
    errors = {}
    if not subject.strip():
        errors["subject"] = "Say what it is about."
    if not text.strip():
        errors["text"] = "Write the letter."
    if len(text) > LONGEST:
        errors["text"] = f"Write at most {LONGEST:,} characters."
    for name, said in (("subject", subject), ("text", text)):
        if found := sorted({one.group().lower() for one in _OURS.finditer(said)}):
            errors.setdefault(name, f"Customers do not know our words. Say it differently: {', '.join(found)}.")
    if errors:
        raise Invalid("The letter cannot be sent as it is.", errors)


def _body(page: DecisionPage | None, about: str, when: str) -> list[str]:
    if page is None:
        return [gettext("You asked about %(day)s. What we knew on that day is no longer kept.", day=when)]
    offered = [line for line in page.ranked if line.live or line.first]
    asked = next((line for line in page.ranked if line.treatment == about), None)
    lines = [gettext("You asked why we made you the suggestions that we did on %(day)s. We looked into it.", day=when)]
    if asked is not None:
        lines += _ranked(asked)
    elif about:
        lines.append(gettext("You asked about “%(what)s”.", what=page.called[about]) + " " + _why_not(page, about))
    others = [line for line in offered or page.ranked[:1] if line is not asked]
    if others and asked is None:
        what = "; ".join(f"“{line.headline}”" for line in others)
        lines.append(gettext("What we found best for you on that day: %(what)s.", what=what) + _because(others[0]))
    elif not page.ranked:
        lines.append(gettext("On that day there was nothing that we wanted to suggest to you."))
    return lines


def _ranked(asked: RankLine) -> list[str]:
    if asked.rank == 1:
        return [gettext("We found “%(what)s” best for you.", what=asked.headline) + _because(asked)]
    said = gettext("“%(what)s” was among what we could suggest; something else came before it.", what=asked.headline)
    return [said + _because(asked)]


def _because(line: RankLine) -> str:
    return f" {line.told}" if line.told else ""


def _why_not(page: DecisionPage, about: str) -> str:
    step = next((line.step for line in page.withheld if line.treatment == about), "")
    return gettext(WHY_NOT[step]) if step in WHY_NOT else ""
