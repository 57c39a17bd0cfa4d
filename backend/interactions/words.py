"""What happened, in one line, for an agent or for the customer: money and dates as people write them. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from backend.interactions import case_words, ending_words, floor_words, mail_words, own_words
from backend.interactions.acting_words import for_them, purpose_text, relation_text
from backend.interactions.acting_words import person_text as person_text
from backend.interactions.phrases import belongs, state, tracked
from backend.interactions.phrases import cause_text as cause_text
from backend.interactions.phrases import sentence as _sentence
from backend.interactions.types import Event
from backend.matrix.service import day_text
from shared.kernel import money
from shared.kernel.languages import gettext as _
from shared.kernel.languages import ngettext, noted
from shared.kernel.money import Money

Audience = Literal["agent", "customer"]


@dataclass(frozen=True, slots=True)
class EventWords:
    """A line of the timeline: what happened, and the particulars (may be empty)."""

    title: str
    detail: str


HIDDEN_FROM_CUSTOMERS = frozenset({
    "profile.changed", "profile.merged", "profile.unmerged", "call.private", "contact.private", "contact.ended", "offer.unmentioned", "life_cycle.changed",
    "segment.entered", "segment.left", "protection.began", "protection.ended", "tracked", "outside",
    "group.joined", "group.left",
    "case.assigned", "case.changed", "case.noted", "case.pending", "case.snoozed", "case.woken", "case.closed",
    "mail.refused", "callback.taken", "callback.missed",
    "task.promised", "task.kept", "task.reopened", "task.assigned",
    "case.attached", "case.linked", "case.unlinked", "case.split", "case.merged", "case.unmerged",
})  # fmt: skip
"""Bookkeeping of ours that tells the customer nothing about what they did or got, and calls that they want kept off the portal."""

_CHANNELS = {
    "phone": noted("by phone"),
    "portal": noted("online"),
    "email": noted("by e-mail"),
    "sms": noted("by text message"),
    "chat": noted("in chat"),
    "branch": noted("in a branch"),
}


def in_channel(channel: str | None) -> str:
    """A channel as a part of a sentence: "by phone", "online"; nothing for none, or for one without words."""
    words = _CHANNELS.get(channel or "")
    return _(words) if words else ""


def in_words(event: Event, audience: Audience, language: str = "en") -> EventWords:
    """The event as this audience may read it. An agent's notes and what was inferred are never told to the customer."""
    title, detail = _WORDS[event.kind](event, audience == "customer", language)
    return EventWords(*for_them(event, audience == "customer", title, detail))


def day(value: Any) -> str:
    """An ISO day (or a date) as "3 November 2026"; empty for none."""
    return day_text(value) if value else ""


def _amount(data: dict[str, Any], language: str) -> str:
    minor, currency = data.get("amount_minor"), data.get("currency")
    return money.text(Money(int(minor), str(currency)), language) if minor is not None and currency else ""


def _minutes(data: dict[str, Any]) -> str:
    minutes = data.get("minutes")
    return ngettext("%(num)s minute", "%(num)s minutes", minutes) if minutes else ""


def _by(event: Event, own: bool) -> str:
    """Who and where: "by Maya, by phone"; the customer's own acts are theirs."""
    where = in_channel(event.channel)
    if event.actor_kind == "customer":
        who = _("by you") if own else "by the customer"
    elif event.actor_kind == "system" or not event.actor_name:
        return where
    else:
        who = _with(event.actor_name) if own else f"by {event.actor_name}"
    return f"{who}, {where}" if where else who


def _with(name: str) -> str:
    return _("with %(name)s", name=name) if name else ""


def _call(event: Event, own: bool, language: str) -> tuple[str, str]:
    if own:
        return _("You called us"), _sentence(_minutes(event.data), _with(event.actor_name))
    ended = cause_text(event.data.get("cause"))
    return "Call", _sentence(
        str(event.data.get("summary", "")),
        _minutes(event.data),
        _held(event.data),
        f"ended: {ended}" if ended else "",
        event.actor_name,
    )


_MET = {"branch", "chat", "email", "sms"}


def _contact(event: Event, own: bool, language: str) -> tuple[str, str]:
    where = in_channel(event.channel) if event.channel in _MET else ""
    if own:
        title = _("You talked to us %(where)s", where=where) if where else _("You talked to us")
        return title, _with(event.actor_name)
    return f"Contact {where}".strip(), _sentence(
        str(event.data.get("summary", "")), _minutes(event.data), event.actor_name
    )


def _private_contact(event: Event, own: bool, language: str) -> tuple[str, str]:
    title, detail = _contact(event, own, language)
    return title, _sentence("private: the portal does not show it", detail)


def _held(data: dict[str, Any]) -> str:
    seconds = int(data.get("held_seconds") or 0)
    return f"on hold {seconds // 60}:{seconds % 60:02}" if data.get("holds") else ""


def _private(event: Event, own: bool, language: str) -> tuple[str, str]:
    title, detail = _call(event, own, language)
    return title, _sentence("private: the portal does not show it", detail)


def _waited(event: Event, own: bool, language: str) -> tuple[str, str]:
    minutes = _minutes(event.data)
    if own:
        return (
            _("You waited %(minutes)s on the phone", minutes=minutes) if minutes else _("You waited on the phone")
        ), ""
    return f"Waited {minutes} on the phone".replace("  ", " "), ""


def _missed(event: Event, own: bool, language: str) -> tuple[str, str]:
    why = cause_text(event.data.get("cause"))
    if event.data.get("direction") == "outbound":
        return (
            (_("We called you"), _("and did not reach you")) if own else ("Call not answered", why or "nobody took it")
        )
    return (_("You called, and nobody could answer"), "") if own else ("Missed call", why or "nobody took it")


def _transferred(event: Event, own: bool, language: str) -> tuple[str, str]:
    before, after = str(event.data.get("from") or ""), str(event.data.get("to") or "")
    if own:
        return _("You were put through"), _("to %(name)s", name=after) if after else ""
    return "Call put through", " ".join(f"{word} {name}" for word, name in (("from", before), ("to", after)) if name)


def _visit(event: Event, own: bool, language: str) -> tuple[str, str]:
    return _("You visited") if own else "Visit to the portal", str(event.data.get("summary", ""))


def _bill(event: Event, own: bool, language: str) -> tuple[str, str]:
    due = day(event.data.get("due_on"))
    amount = _amount(event.data, language)
    return (_("Bill %(amount)s", amount=amount) if amount else _("Bill")), _("due %(day)s", day=due) if due else ""


def _credited(event: Event, own: bool, language: str) -> tuple[str, str]:
    bill = str(event.data.get("bill") or "")
    return _("Credit %(amount)s", amount=_amount(event.data, language)), _sentence(
        str(event.data.get("text", "")), _("on bill %(number)s", number=bill) if bill else _("for the next bill")
    )


def _paid(event: Event, own: bool, language: str) -> tuple[str, str]:
    amount, method = _amount(event.data, language), str(event.data.get("method", ""))
    return (_("Payment %(amount)s", amount=amount) if amount else _("Payment")), _(method) if method else ""


def _unpaid(event: Event, own: bool, language: str) -> tuple[str, str]:
    amount, why = _amount(event.data, language), str(event.data.get("reason", event.data.get("why", "")))
    title = _("Payment of %(amount)s failed", amount=amount) if amount else _("Payment failed")
    return title, _(why) if why else ""


def _returned(event: Event, own: bool, language: str) -> tuple[str, str]:
    amount = _amount(event.data, language)
    bill = str(event.data.get("bill", ""))
    if own:
        return _("Payment of %(amount)s sent back to you", amount=amount), _("bill %(bill)s", bill=bill) if bill else ""
    return f"Payment of {amount} sent back", _sentence(f"bill {bill}" if bill else "", f"by {event.actor_name}")


def _complained(event: Event, own: bool, language: str) -> tuple[str, str]:
    return _("You complained") if own else "Complaint opened", str(event.data.get("subject", ""))


def _satisfied(event: Event, own: bool, language: str) -> tuple[str, str]:
    said = str(event.data.get("outcome", ""))
    return (_("Your complaint was settled") if own else "Complaint settled"), _sentence(
        str(event.data.get("subject", "")), said
    )


def _moment(event: Event, own: bool, language: str) -> tuple[str, str]:
    label = str(
        event.data.get("choice" if own else "intent_label")
        or event.data.get("stage_label")
        or event.data.get("stage", "")
    )
    if own:
        # What a page made us think is not put into their mouth.
        return (
            (_("You told us why you are here"), label)
            if event.data.get("source") == "stated"
            else (_("Your visit"), "")
        )
    told = "told" if event.data.get("source") == "stated" else "seemed"
    return f"Here for: {label}", _sentence(
        f"{told} {in_channel(event.channel)}".strip(), str(event.data.get("evidence") or "")
    )


def _seen(event: Event, own: bool) -> str:
    """Who said it; what the customer read alone, nobody said."""
    if event.actor_kind != "customer":
        return _by(event, own)
    where = in_channel(event.channel)
    return where if own else f"seen {where}".strip()


def labelled(label: str, text: str) -> str:
    """ "Where? 1 Main Street", "Address: 1 Main Street"."""
    return f"{label} {text}" if label.endswith("?") else f"{label}: {text}"


def _offer(own_verb: str, verb: str) -> Callable[[Event, bool, str], tuple[str, str]]:
    def words(event: Event, own: bool, language: str) -> tuple[str, str]:
        data = event.data
        headline = str(data.get("headline") or data.get("treatment") or "")
        particulars = [_seen(event, own) if event.kind == "offer.presented" else _by(event, own)]
        # Why someone declined, as the agent noted it, is for colleagues.
        if not own and data.get("reason"):
            particulars.append(str(data.get("reason_label") or data["reason"]))
        if data.get("until"):
            particulars.append(_("until %(day)s", day=day(data["until"])))
        if event.kind == "offer.accepted" and data.get("disclosed") and not own:
            particulars.append(f"read out: {', '.join(str(one['label']) for one in data['disclosed'])}")
        if event.kind == "offer.accepted":
            particulars += [labelled(str(one["label"]), str(one["text"])) for one in data.get("chosen", ())]
        if data.get("promise") and own:
            particulars.append(str(data["promise"]))
        return f"{_(own_verb) if own else verb}: {headline}", _sentence(*particulars)

    return words


def _undone(event: Event, own: bool, language: str) -> tuple[str, str]:
    title, detail = _offer(noted("You took back"), "Taken back")(event, own, language)
    left = event.data.get("left")
    if not left:
        return title, detail
    # Which of it is ours to know: some attributes are not the customer's to see.
    said = _("what changed since stays as it is") if own else f"changed since, so left as it is: {', '.join(left)}"
    return title, _sentence(detail, said)


def _recorded(event: Event, own: bool, language: str) -> tuple[str, str]:
    until = _("until %(day)s", day=day(event.data["until"])) if event.data.get("until") else ""
    name, may_act = str(event.data.get("name", "")), event.data.get("may_act")
    if own:
        title = _("%(name)s may act for you", name=name) if may_act else _("%(name)s may be told about you", name=name)
    else:
        title = f"{name} may {'act for' if may_act else 'be told about'} them"
    return title, _sentence(relation_text(event.data, own), until, _by(event, own))


def _ended(event: Event, own: bool, language: str) -> tuple[str, str]:
    name, may_act = str(event.data.get("name", "")), event.data.get("may_act")
    if own:
        title = (
            _("%(name)s no longer acts for you", name=name)
            if may_act
            else _("%(name)s is no longer told about you", name=name)
        )
    else:
        title = f"{name} {'no longer acts for' if may_act else 'is no longer told about'} them"
    return title, _sentence(relation_text(event.data, own), _by(event, own))


def _changed(event: Event, own: bool, language: str) -> tuple[str, str]:
    return "Profile changed", str(event.data.get("summary") or ", ".join(sorted(event.data.get("changed", {}))))


def _merged(event: Event, own: bool, language: str) -> tuple[str, str]:
    number, name = str(event.data.get("number", "")), str(event.data.get("name", ""))
    return f"Merged with {name}, {number}", _sentence("the same person", _by(event, own))


def _unmerged(event: Event, own: bool, language: str) -> tuple[str, str]:
    number, name = str(event.data.get("number", "")), str(event.data.get("name", ""))
    return f"Taken apart from {name}, {number}", _sentence("not the same person", _by(event, own))


_SAID = {
    "granted": (noted("You agreed"), "Agreed"),
    "denied": (noted("You did not agree"), "Did not agree"),
    "withdrawn": (noted("You no longer agree"), "No longer agrees"),
}


def _consented(event: Event, own: bool, language: str) -> tuple[str, str]:
    yours, theirs = _SAID.get(str(event.data.get("state")), (noted("You told us what you allow"), "Consent"))
    way = str(event.data.get("channel_label") or "")
    title = f"{_(yours) if own else theirs}: {purpose_text(event.data)}"
    return title, _sentence(_("for: %(way)s", way=way) if way else "", _by(event, own))


def _verified(event: Event, own: bool, language: str) -> tuple[str, str]:
    how = str(event.data.get("how_label") or event.data.get("how") or "")
    asked = "" if own else ", ".join(str(one) for one in event.data.get("questions", ()))
    return (_("You showed that it was you") if own else "Caller verified"), _sentence(how, asked, _by(event, own))


def _unverified(event: Event, own: bool, language: str) -> tuple[str, str]:
    how = str(event.data.get("how_label") or event.data.get("how") or "")
    said = _("Somebody could not show that it was you") if own else "Caller not verified"
    return said, _sentence("" if own else f"{how[:1].lower()}{how[1:]}: a wrong answer", _by(event, own))


def _code_sent(event: Event, own: bool, language: str) -> tuple[str, str]:
    return (_("We sent you a code") if own else "Code sent"), _sentence(
        _("to %(name)s", name=event.data.get("to", "")), _by(event, own)
    )


_WORDS: dict[str, Callable[[Event, bool, str], tuple[str, str]]] = {
    "call": _call,
    "call.private": _private,
    "contact": _contact,
    "contact.private": _private_contact,
    "call.missed": _missed,
    "call.waited": _waited,
    "call.transferred": _transferred,
    "visit": _visit,
    "bill.issued": _bill,
    "credit.booked": _credited,
    "payment.made": _paid,
    "payment.failed": _unpaid,
    "payment.returned": _returned,
    "complaint.opened": _complained,
    "complaint.resolved": _satisfied,
    "moment.set": _moment,
    "offer.presented": _offer(noted("We offered you"), "Presented"),
    "offer.unmentioned": _offer(noted("Not spoken of"), "Not mentioned"),
    "offer.accepted": _offer(noted("You accepted"), "Accepted"),
    "offer.declined": _offer(noted("You declined"), "Declined"),
    "offer.deferred": _offer(noted("Put off"), "Deferred"),
    "offer.expired": _offer(noted("Ended"), "Expired"),
    "offer.withdrawn": _offer(noted("No longer offered"), "Withdrawn"),
    "offer.fulfilled": _offer(noted("Arranged"), "Fulfilled"),
    "offer.undone": _undone,
    "offer.altered": _offer(noted("We made you a new offer"), "Terms altered"),
    "offer.asked": _offer(noted("Being confirmed"), "Approval asked for"),
    "offer.overridden": _offer(noted("We offered you"), "Chosen by the agent"),
    "offer.approved": _offer(noted("Confirmed"), "Approved"),
    "offer.refused": _offer(noted("Could not be confirmed"), "Not approved"),
    "profile.changed": _changed,
    "life_cycle.changed": state("Life cycle"),
    "segment.entered": state("Now in segment"),
    "segment.left": state("No longer in segment"),
    "protection.began": state("Protected"),
    "protection.ended": state("No longer protected"),
    "tracked": tracked,
    "happened": tracked,
    "outside": tracked,
    "profile.merged": _merged,
    "profile.unmerged": _unmerged,
    "consent.changed": _consented,
    "caller.verified": _verified,
    "caller.unverified": _unverified,
    "code.sent": _code_sent,
    "representative.recorded": _recorded,
    "representative.ended": _ended,
    "group.joined": belongs("Belongs to"),
    "group.left": belongs("No longer belongs to"),
}
_WORDS |= {
    kind: lambda event, own, language, words=words: words(event, own, _by(event, own))  # type: ignore[misc]  # a default is not inferred
    for kind, words in (case_words.WORDS | ending_words.WORDS | floor_words.WORDS).items()
}
_WORDS |= mail_words.WORDS | own_words.WORDS
KINDS = frozenset(_WORDS)
