"""What customers did alone at the portal, in writing: a bill that they paid, something that they cancelled or took back. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from babel.dates import format_date, format_time

from backend.cancelling.types import PLAN, Cancellation
from backend.profiles.types import Profile
from shared.kernel import money
from shared.kernel.clock import zone_named
from shared.kernel.languages import gettext, locale_of, speaking
from shared.kernel.money import Money


def paid(profile: Profile, bill: str, amount: Money, payment: str, at: datetime) -> tuple[str, str]:
    """Subject and text of a receipt."""
    with speaking(profile.language):
        said = money.text(amount, profile.language)
        return gettext("Paid: bill %(bill)s", bill=bill), _letter(
            profile,
            gettext(
                "Thank you. We got %(amount)s for bill %(bill)s on %(when)s.",
                amount=said,
                bill=bill,
                when=_when(profile, at),
            ),
            gettext("Payment: %(payment)s", payment=payment),
            gettext("You find the bill and this payment on your pages, under Bills."),
        )


def cancelled(profile: Profile, one: Cancellation) -> tuple[str, str]:
    """Subject and text of the confirmation that something ends."""
    with speaking(profile.language):
        last, undo = _day(one.last_day, profile), _day(one.undo_until, profile)
        facts = [gettext("Last day: %(day)s", day=last)]
        if one.what == PLAN:
            if one.monthly is not None:
                about = money.text(one.monthly, profile.language)
                facts.append(gettext("Your last bill, for the month up to that day: about %(amount)s", amount=about))
            early = money.text(one.early_cost, profile.language) if one.early_cost else gettext("nothing")
            facts.append(gettext("For leaving before the contract ends: %(amount)s", amount=early))
        elif one.monthly is not None and one.monthly_then is not None:
            before, after = (money.text(m, profile.language) for m in (one.monthly, one.monthly_then))
            facts.append(
                gettext("What you pay in a month goes from %(before)s to %(after)s.", before=before, after=after)
            )
        facts += [str(text) for text in one.loses]
        return gettext("Cancelled: %(what)s", what=one.label), _letter(
            profile,
            gettext(
                "You cancelled this on %(when)s: %(what)s. Please keep this mail as your confirmation.",
                when=_when(profile, one.asked_at), what=one.label,
            ),
            "\n".join(f"- {fact}" for fact in facts),
            gettext("Your confirmation number: %(reference)s", reference=_spaced(one.reference)),
            gettext(
                "You can take this back until %(day)s: sign in to your pages and look under Services, or call us and say your number.",
                day=undo,
            ),
        )  # fmt: skip


def stays(profile: Profile, one: Cancellation, at: datetime) -> tuple[str, str]:
    """Subject and text of the confirmation that nothing ends after all."""
    with speaking(profile.language):
        return gettext("Taken back: %(what)s", what=one.label), _letter(
            profile,
            gettext(
                "You took your cancellation back on %(when)s: %(what)s. All stays as it was.",
                when=_when(profile, at),
                what=one.label,
            ),
            gettext("Your confirmation number: %(reference)s", reference=_spaced(one.reference)),
        )


def _letter(profile: Profile, *parts: str) -> str:
    return "\n\n".join([gettext("Dear %(name)s,", name=profile.name), *_said(parts)]) + "\n"


def _said(parts: Iterable[str]) -> list[str]:
    return [part for part in parts if part]


def _when(profile: Profile, at: datetime) -> str:
    local = at.astimezone(zone_named(profile.timezone))
    at_time = format_time(local, "HH:mm", tzinfo=local.tzinfo, locale=locale_of(profile.language))
    return gettext("%(day)s at %(time)s", day=_day(local.date(), profile), time=at_time)


def _day(day: date, profile: Profile) -> str:
    return str(format_date(day, "long", locale=locale_of(profile.language)))


def _spaced(reference: str) -> str:
    return f"{reference[:3]} {reference[3:]}".strip()
