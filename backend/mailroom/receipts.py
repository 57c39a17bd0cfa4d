"""What customers did alone at the portal, in writing: a bill that they paid, something that they cancelled or took back. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from backend.cancelling.types import PLAN, Cancellation
from backend.matrix.service import Pack
from backend.profiles.types import Profile
from shared.kernel import dates, money
from shared.kernel.clock import zone_named
from shared.kernel.languages import gettext, speaking
from shared.kernel.money import Money


def paid(profile: Profile, bill: str, amount: Money, payment: str, at: datetime) -> tuple[str, str]:
    """Subject and text of a receipt; `payment` is its spoken reference."""
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
            gettext("Payment: %(payment)s", payment=_spaced(payment)),
            gettext("You find the bill and this payment on your pages, under Bills."),
        )


def cancelled(profile: Profile, one: Cancellation, pack: Pack) -> tuple[str, str]:
    """Subject and text of the confirmation that something ends."""
    with speaking(profile.language):
        last, undo = dates.long_day(one.last_day), dates.long_day(one.undo_until)
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
        facts += [pack.said(str(text)) for text in one.loses]
        return gettext("Cancelled: %(what)s", what=pack.said(one.label)), _letter(
            profile,
            gettext(
                "You cancelled this on %(when)s: %(what)s. Please keep this mail as your confirmation.",
                when=_when(profile, one.asked_at), what=pack.said(one.label),
            ),
            "\n".join(f"- {fact}" for fact in facts),
            gettext("Your confirmation number: %(reference)s", reference=_spaced(one.reference)),
            gettext(
                "You can take this back until %(day)s: sign in to your pages and look under Services, or call us and say your number.",
                day=undo,
            ),
        )  # fmt: skip


def stays(profile: Profile, one: Cancellation, at: datetime, pack: Pack) -> tuple[str, str]:
    """Subject and text of the confirmation that nothing ends after all."""
    with speaking(profile.language):
        return gettext("Taken back: %(what)s", what=pack.said(one.label)), _letter(
            profile,
            gettext(
                "You took your cancellation back on %(when)s: %(what)s. All stays as it was.",
                when=_when(profile, at),
                what=pack.said(one.label),
            ),
            gettext("Your confirmation number: %(reference)s", reference=_spaced(one.reference)),
        )


def _letter(profile: Profile, *parts: str) -> str:
    return "\n\n".join([gettext("Dear %(name)s,", name=profile.name), *_said(parts)]) + "\n"


def _said(parts: Iterable[str]) -> list[str]:
    return [part for part in parts if part]


def _when(profile: Profile, at: datetime) -> str:
    local = at.astimezone(zone_named(profile.timezone))
    return gettext("%(day)s at %(time)s", day=dates.long_day(local.date()), time=f"{local:%H:%M}")


def _spaced(reference: str) -> str:
    return f"{reference[:3]} {reference[3:]}".strip()
