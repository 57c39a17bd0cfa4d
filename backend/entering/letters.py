"""The words of the mails about coming in. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from backend.profiles.types import Profile
from shared.kernel import dates
from shared.kernel.clock import zone_named
from shared.kernel.languages import gettext, heard, noted, speaking

Kind = Literal[
    "new_device",
    "claim_code",
    "sign_in_code",
    "recovery_code",
    "not_set_up",
    "password_set",
    "passkey_added",
    "authenticator_set",
    "authenticator_removed",
    "address_code",
    "email_changed",
    "phone_changed",
    "closing_asked",
    "closing_taken_back",
    "sign_on_connected",
]
_WORDS: dict[Kind, tuple[str, str]] = {
    "new_device": (
        noted("You signed in on a new device"),
        noted(
            "Dear {name},\n\n"
            "Somebody signed in to your account on {day} at {time}, on a device that we have not seen before: {device}.\n\n"
            "Was this you? Then there is nothing to do.\n\n"
            "If not, sign in, end that session and choose a new password:\n{link}\n"
        ),
    ),
    "claim_code": (
        noted("Your code"),
        noted(
            "Dear {name},\n\n"
            "Your code is {code}. Enter it on the page where you asked for it, to set up your account. It is good for ten minutes.\n\n"
            "You did not ask for it? Then give it to nobody: nothing happens without it.\n"
        ),
    ),
    "sign_in_code": (
        noted("Sign in with this code"),
        noted(
            "Dear {name},\n\n"
            "Your code is {code}. Enter it on the page where you asked for it.\n\n"
            "Or sign in by this link:\n{link}\n\n"
            "Both are good for ten minutes, and once.\n\n"
            "You did not ask for it? Then give it to nobody: nothing happens without it.\n"
        ),
    ),
    "recovery_code": (
        noted("Your code for a new password"),
        noted(
            "Dear {name},\n\n"
            "Your code is {code}. Enter it on the page where you asked for it, and choose a new password. It is good for ten minutes.\n\n"
            "You did not ask for it? Then give it to nobody: your password stays as it is.\n"
        ),
    ),
    "not_set_up": (
        noted("Set up your account"),
        noted(
            "Dear {name},\n\n"
            "Somebody wanted to sign in with this address, perhaps you. Your account is not set up yet. You can do that here, with your customer number:\n{link}\n\n"
            "If it was not you, there is nothing to do.\n"
        ),
    ),
    "password_set": (
        noted("Your password was changed"),
        noted(
            "Dear {name},\n\n"
            "The password of your account was chosen anew on {day} at {time}. Wherever you were signed in before, you have to sign in again.\n\n"
            "Was this not you? Then choose another one at once:\n{link}\n"
        ),
    ),
    "passkey_added": (
        noted("A passkey was added"),
        noted(
            "Dear {name},\n\n"
            "On {day} at {time} a passkey was added to your account: {passkey}. Whoever has it can sign in as you.\n\n"
            "Was this not you? Then remove it:\n{link}\n"
        ),
    ),
    "authenticator_set": (
        noted("Codes by your authenticator"),
        noted(
            "Dear {name},\n\n"
            "Since {day} at {time} your account asks for a code of your authenticator, beside your password. Keep the codes on paper safe: they help when your telephone is lost.\n\n"
            "Was this not you? Then call us.\n"
        ),
    ),
    "authenticator_removed": (
        noted("No more codes by your authenticator"),
        noted(
            "Dear {name},\n\n"
            "Since {day} at {time} your account asks for no code of an authenticator any more.\n\n"
            "Was this not you? Then set it up again, and choose a new password:\n{link}\n"
        ),
    ),
    "address_code": (
        noted("Your code"),
        noted(
            "Dear {name},\n\n"
            "Your code is {code}. Enter it on the page where you asked for it: then we reach you here from now on. It is good for ten minutes.\n\n"
            "You did not ask for it? Then there is nothing to do: nothing changes without it.\n"
        ),
    ),
    "email_changed": (
        noted("Your e-mail address was changed"),
        noted(
            "Dear {name},\n\n"
            "On {day} at {time} another e-mail address was chosen for your account. From now on we write there, and no longer here.\n\n"
            "Was this not you? Then call us at once.\n"
        ),
    ),
    "phone_changed": (
        noted("Your telephone number was changed"),
        noted(
            "Dear {name},\n\n"
            "On {day} at {time} another telephone number was chosen for your account. From now on we call you there.\n\n"
            "Was this not you? Then call us at once.\n"
        ),
    ),
    "closing_asked": (
        noted("Your account closes on {on}"),
        noted(
            "Dear {name},\n\n"
            "On {day} at {time} you asked us to close your account. We do it on {on}. Until then you can keep it after all:\n{link}\n\n"
            "Was this not you? Then keep it by that page, and choose a new password at once.\n"
        ),
    ),
    "closing_taken_back": (
        noted("You keep your account"),
        noted(
            "Dear {name},\n\nSince {day} at {time} your account is no longer to be closed. Everything stays as it is.\n"
        ),
    ),
    "sign_on_connected": (
        noted("Another way into your account"),
        noted(
            "Dear {name},\n\n"
            "Since {day} at {time} your account opens with your organisation's sign-in, too. You can end that on the page that says how you sign in.\n\n"
            "Was this not you? Then call us.\n"
        ),
    ),
}
"""The English; who is written to reads their own language."""


@dataclass(frozen=True, slots=True)
class Letter:
    """Which letter, and what stands in it beside the name, the day and the time."""

    kind: Kind
    values: Mapping[str, str] = field(default_factory=dict)
    days: Mapping[str, datetime] = field(default_factory=dict)
    """Other days that stand in it, written as the day itself is."""


def written(letter: Letter, profile: Profile, at: datetime) -> tuple[str, str]:
    """Subject and text, in the language of who is written to."""
    subject, text = _WORDS[letter.kind]
    zone = zone_named(profile.timezone)
    local = at.astimezone(zone)
    with speaking(heard(profile.language)):
        days = {name: dates.long_day(one.astimezone(zone).date()) for name, one in letter.days.items()}
        values = {
            "name": profile.name, "day": dates.long_day(local.date()), "time": dates.time_of_day(local), **days, **letter.values,
        }  # fmt: skip
        return gettext(subject).format(**values), gettext(text).format(**values)
