"""From a profile to the lines of a page: services, bills, worth, risk, warnings, needs. Pure: one audience at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Literal

from backend.interactions.service import Event, asked_in, day, in_words
from backend.matrix.service import Pack
from backend.overview.rewording import said_again
from backend.overview.types import (
    BillLine,
    Choice,
    ConsentLine,
    ConsentWay,
    CustomerHeader,
    ExperienceView,
    MomentView,
    Need,
    Represents,
    Risk,
    ServiceLine,
    TimelineLine,
    Warning,
    Worth,
)
from backend.profiles.service import (
    OPEN,
    Bill,
    LifetimeValue,
    Mask,
    Moment,
    Profile,
    Representative,
    Snapshot,
    band,
    email_text,
    lifetime_value,
    moves,
    phone_text,
    score,
)
from backend.profiles.service import in_words as risk_in_words
from backend.rules.service import Context, RuleFailed
from shared.kernel import money
from shared.kernel.languages import gettext as _
from shared.kernel.languages import spoken
from shared.kernel.money import Money

Audience = Literal["agent", "customer"]
YEAR = timedelta(days=365)
SOON = timedelta(days=7)
MOST_NEEDS = 3
LEAVING_ON = "leaving_on"
"""The value of the profile with the last day of somebody who cancelled all that they have."""
GOOD, POOR = 65, 45
"""From here on an experience is good; below there it is bad."""
_OFFERED = ("headline", "promise")
"""Of an offer's event: texts of the pack with what was worked out for this customer."""
HEADED = frozenset({"tenure", "monthly_charges", "birth_date", "left_on"})
"""Attributes that stand elsewhere on the page: tenure and charges under worth, the dates in the header."""


def header(profile: Profile, snapshot: Snapshot, pack: Pack, mask: Mask = OPEN) -> CustomerHeader:
    """Who they are. A number, address or day that this viewer must not read stands as text with dots, and else as it is."""
    born = pack.attributes.get("birth_date")
    shown = profile.birth_date if born is None or "agent" in born.visible else None
    hidden = shown is not None and "birth_date" in mask.hidden
    label = next((s.label for s in pack.life_cycle if s.key == snapshot.life_cycle), snapshot.life_cycle)
    return CustomerHeader(
        id=profile.customer_id,
        number=profile.number,
        name=profile.name,
        email=email_text(profile.email) if profile.email and "email" in mask.masked else profile.email,
        phone=phone_text(profile.phone) if profile.phone and "phone" in mask.masked else profile.phone,
        birth_date=None if hidden else shown,
        born_text=mask.value(born, shown.isoformat(), pack.currency, profile.language)
        if hidden and born and shown
        else "",
        masked=tuple(sorted(mask.masked)),
        since_text=_since(profile),
        life_cycle=snapshot.life_cycle,
        life_cycle_label=label,
        language=profile.language,
        timezone=profile.timezone,
        made_up=profile.made_up,
        version=profile.version,
    )


def _since(profile: Profile) -> str:
    dates = profile.facts.get("dates", {})
    joined = f"with us since {_month(dates['joined'])}" if dates.get("joined") else ""
    if dates.get("left"):
        return f"left on {day(dates['left'])}" + (f", {joined.replace('with us since', 'joined in')}" if joined else "")
    return joined


def _month(iso: str) -> str:
    return f"{date.fromisoformat(iso):%B %Y}"


def warnings(
    profile: Profile, snapshot: Snapshot, pack: Pack, balance: Money, latest_contact: Event | None
) -> tuple[Warning, ...]:
    """What an agent should know before saying a word: protection first, then what went wrong, then what is owed."""
    found = [Warning("protective", p.label) for p in pack.protective if p.key in snapshot.protective]
    leaving_on = profile.facts.get("values", {}).get(LEAVING_ON)
    if leaving_on:
        found.append(Warning("leaving", f"Cancelled everything: the last day is {day(leaving_on)}"))
    bad = snapshot.bad_experience
    if bad and not bad.get("resolved"):
        found.append(
            Warning(
                "bad_experience",
                f"{bad.get('what') or 'Something went wrong'}, {day(bad.get('on'))}; not put right yet",
            )
        )
    overdue = float(profile.facts.get("values", {}).get("overdue_amount", 0) or 0)
    if overdue > 0 and balance:
        found.append(
            Warning("overdue", f"{money.text(money.of_major(overdue, pack.currency), profile.language)} overdue")
        )
    if latest_contact is not None and latest_contact.kind.startswith("callback."):
        found.append(Warning("callback", f"Asked us to call: {in_words(latest_contact, 'agent').detail or 'any time'}"))
    return tuple(found)


def worth(snapshot: Snapshot, bills: tuple[Bill, ...], pack: Pack, mask: Mask = OPEN) -> Worth:
    """From the pack's charge where it keeps one that may be read, else from the latest bill; nothing a month once they have left."""
    today = date.fromisoformat(snapshot.today)
    year = sum(b.amount.minor for b in bills if b.issued_on > today - YEAR)
    charge = None if "monthly_charges" in mask.hidden else snapshot.attributes.get("monthly_charges")
    monthly = (
        money.of_major(float(charge), pack.currency)
        if charge
        else (bills[0].amount if bills else Money(0, pack.currency))
    )
    if snapshot.attributes.get("churned"):
        monthly = Money(0, pack.currency)
    tenure = None if "tenure" in mask.hidden else int(snapshot.attributes.get("tenure") or 0)
    return Worth(monthly, Money(year, pack.currency), tenure)


def risk(profile: Profile, snapshot: Snapshot, pack: Pack, mask: Mask = OPEN) -> Risk | None:
    """None without a score, and for a customer who has left already: there is nothing left to foresee."""
    if snapshot.churn_risk is None or pack.churn is None or profile.facts.get("dates", {}).get("left"):
        return None
    told = tuple(reason for reason in snapshot.risk_reasons if reason[0] not in mask.hidden)
    reasons = risk_in_words(pack.churn, snapshot.attributes, told)
    return Risk(snapshot.churn_risk, band(snapshot.churn_risk), reasons)


def value(profile: Profile, snapshot: Snapshot, pack: Pack) -> LifetimeValue | None:
    """What the customer is worth to us, so far and to come; None where the pack does not say what margin is."""
    return lifetime_value(snapshot, pack, has_left=bool(profile.facts.get("dates", {}).get("left")))


def whole_value(profile: Profile, snapshot: Snapshot, pack: Pack) -> Money | None:
    """The same in one sum."""
    found = value(profile, snapshot, pack)
    return None if found is None else money.of_major(found.whole, pack.currency)


def experience(profile: Profile, snapshot: Snapshot, pack: Pack) -> ExperienceView:
    """The running score of the customer's experience, and what moves it, newest first."""
    today, kept = date.fromisoformat(snapshot.today), profile.facts.get("truths", ())
    now = score(kept, pack.experience, today)
    return ExperienceView(
        now, "good" if now >= GOOD else "warn" if now >= POOR else "bad", moves(kept, pack.experience, today)
    )


def services(snapshot: Snapshot, pack: Pack, audience: Audience, mask: Mask = OPEN) -> tuple[ServiceLine, ...]:
    held = _holds_any(snapshot, pack)
    lines = []
    for service in pack.services:
        attribute = pack.attributes.get(service.attribute)
        if attribute is None or audience not in attribute.visible or attribute.key in mask.hidden:
            continue
        value = snapshot.attributes.get(service.attribute)
        text = service.values.get(str(value).lower() if isinstance(value, bool) else str(value)) if held else None
        lines.append(ServiceLine(pack.said(service.label), pack.said(text or ""), text is not None))
    return (*lines, *_holdings(snapshot, pack, audience, mask)) if held else tuple(lines)


def _holdings(snapshot: Snapshot, pack: Pack, audience: Audience, mask: Mask) -> Iterator[ServiceLine]:
    """What the customer has several of, one by one, with what this audience may see of each."""
    kinds = {kind.key: kind for kind in pack.holdings}
    several = Counter(holding.kind for holding in snapshot.holdings)
    for holding in snapshot.holdings:
        kind = kinds.get(holding.kind)
        shown = [a for a in kind.attribute if audience in a.visible and a.key != "name"] if kind else []
        texts = [
            f"{pack.said(a.label)}: {pack.said(text)}"
            for a in shown
            if (text := mask.value(a, holding.attributes.get(a.key), pack.currency, snapshot.language))
        ]
        if audience == "customer" and kind is not None and not texts:
            if several[holding.kind] == 1:
                continue  # the service itself says it: "Line 1" of one line tells them nothing
            texts = [pack.said(kind.label)]
        yield ServiceLine(holding.label, ", ".join(texts), True)


def _holds_any(snapshot: Snapshot, pack: Pack) -> bool:
    try:
        return pack.services_held.test(Context(snapshot.names(), pack.services_held.names))
    except RuleFailed:
        return True


def details(snapshot: Snapshot, pack: Pack, audience: Audience, mask: Mask = OPEN) -> tuple[tuple[str, str], ...]:
    """What else this audience may see of the customer: (label, text); unknown and empty ones are left out."""
    elsewhere = HEADED | {s.attribute for s in pack.services}
    shown = [a for a in pack.attributes.values() if audience in a.visible and a.key not in elsewhere]
    values = (mask.value(a, snapshot.attributes.get(a.key), pack.currency, snapshot.language) for a in shown)
    pairs = [(pack.said(a.label), pack.said(text)) for a, text in zip(shown, values, strict=True)]
    return tuple((label, text[:1].upper() + text[1:]) for label, text in pairs if text)


def bill_line(bill: Bill, today: date) -> BillLine:
    """A bill as it stands today: one that is open turns overdue with the day, whoever wrote it down."""
    status = "overdue" if bill.status == "open" and bill.due_on < today else bill.status
    return BillLine(
        bill.bill_id, bill.reference, bill.issued_on, bill.due_on, bill.amount, status, bill.paid_on, bill.lines
    )


def balance(bills: Iterable[Bill | BillLine], currency: str) -> Money:
    return Money(sum(b.amount.minor for b in bills if b.status != "paid"), currency)


def consents(profile: Profile, pack: Pack) -> tuple[ConsentLine, ...]:
    """Every purpose of the pack with what the customer says of it in each channel in which it is asked."""
    said = {(c.purpose, c.channel): c for c in profile.consents}
    lines = []
    for purpose in pack.purposes:
        ways = []
        for channel in asked_in(purpose, pack):
            one = said.get((purpose.key, channel))
            label = pack.label_of(pack.channels, channel)
            ways.append(ConsentWay(channel, pack.said(label), one.state if one else "", one.at if one else None))
        lines.append(
            ConsentLine(
                purpose.key,
                pack.said(purpose.label),
                pack.said(purpose.wording or purpose.label),
                purpose.needed,
                tuple(ways),
            )
        )
    return tuple(lines)


def moment_view(profile: Profile, pack: Pack, now: datetime, audience: Audience) -> MomentView | None:
    """The moment in the audience's words: an intent's label for an agent, the customer's own choice for them."""
    m = profile.moment
    if m is None:
        return None
    intent = pack.intents.get(m.intent) if m.intent else None
    label = "" if intent is None else intent.label if audience == "agent" else pack.said(intent.choice)
    return MomentView(
        m.stage,
        pack.label_of(pack.stages, m.stage),
        m.intent,
        label,
        m.source,
        m.channel,
        m.set_at,
        m.fades_at,
        m.live(now),
        m.evidence if audience == "agent" else None,
        sign_of(m, now) if audience == "agent" and m.source == "inferred" else "",
    )


def sign_of(moment: Moment, now: datetime) -> str:
    """The strength of a moment that was gathered, in words: thirds of 0 to 1."""
    strength = moment.strength_at(now)
    return "A strong sign" if strength > 2 / 3 else "A sign" if strength > 1 / 3 else "A weak sign"


def representatives(known: Iterable[Representative], today: date) -> tuple[Represents, ...]:
    """Who may act or be told for the customer, those whose authority holds today first."""
    found = [Represents(one, _authority(one, today)) for one in known]
    return tuple(sorted(found, key=lambda one: not one.holds))


def _authority(one: Representative, today: date) -> str:
    if one.ended_at is not None:
        return "ended"
    return "holds" if one.holds(today) else "begins" if today < one.from_day else "over"


def choices(pack: Pack, audience: Audience) -> tuple[Choice, ...]:
    return tuple(
        Choice(i.key, i.label if audience == "agent" else pack.said(i.choice), i.stage) for i in pack.intents.values()
    )


def in_their_language(event: Event, pack: Pack) -> Event:
    """The event with what the pack said in it, and the words of an offer, in the language that is spoken; the customer's own words stay."""
    if spoken() == pack.language:
        return event
    told = {key: pack.said(value) if isinstance(value, str) else value for key, value in event.data.items()}
    offered = {key: said_again(pack, value) for key in _OFFERED if isinstance(value := event.data.get(key), str)}
    return replace(event, data=told | offered | event.data.get("said", {}))


def timeline_line(event: Event, audience: Audience, language: str, mask: Mask = OPEN) -> TimelineLine:
    words = in_words(event, audience, language)
    title, detail = mask.text(words.title), mask.text(words.detail)
    return TimelineLine(event.event_id, event.at, event.kind, event.channel, title, detail)


def own_line(event: Event, pack: Pack, language: str) -> TimelineLine:
    """The event as its own customer reads it; of a contact also what they said it was about."""
    line = timeline_line(in_their_language(event, pack), "customer", language)
    about = pack.intents.get(str(event.data.get("intent"))) if event.kind in ("call", "contact") else None
    if about is None:
        return line
    return replace(line, detail=" · ".join(part for part in (line.detail, pack.said(about.choice)) if part))


def needs(snapshot: Snapshot, bills: tuple[BillLine, ...]) -> tuple[Need, ...]:
    """At most three things that need the customer, the most pressing first."""
    today = date.fromisoformat(snapshot.today)
    found: list[Need] = []
    overdue = [b for b in bills if b.status == "overdue"]
    if overdue:
        owed = money.text(balance(overdue, overdue[0].amount.currency), snapshot.language)
        since = day(min(b.due_on for b in overdue))
        if snapshot.facts.get("failed_payments_90d"):
            text = _(
                "The last payment did not go through: %(amount)s has been due since %(day)s.", amount=owed, day=since
            )
            found.append(Need("payment", text, _("See the bill"), "bills"))
        else:
            text = _("%(amount)s has been due since %(day)s.", amount=owed, day=since)
            found.append(Need("bill", text, _("See the bill"), "bills"))
    if snapshot.facts.get("open_complaints"):
        found.append(Need("complaint", _("We are working on your complaint."), _("See what happened"), "activity"))
    if snapshot.facts.get("open_cases"):
        found.append(Need("case", _("We are still fixing something for you."), _("See what happened"), "activity"))
    for bill in bills:
        if bill.status == "open" and today <= bill.due_on <= today + SOON:
            amount = money.text(bill.amount, snapshot.language)
            text = _("Your bill of %(amount)s is due on %(day)s.", amount=amount, day=day(bill.due_on))
            found.append(Need("bill", text, _("See the bill"), "bills"))
            break
    return tuple(found[:MOST_NEEDS])
