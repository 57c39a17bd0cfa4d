"""The words of the mails about coming in, in the languages that we have; English for all others. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from backend.profiles.types import Profile
from shared.kernel.clock import zone_named

Kind = Literal["new_device"]
_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "en": {
        "new_device": (
            "You signed in on a new device",
            "Dear {name},\n\nSomebody signed in to your account on {day} at {time}, on a device that we have not seen before: {device}.\n\n"
            "Was this you? Then there is nothing to do.\n\n"
            "If not, sign in, end that session and choose a new password:\n{link}\n",
        ),
    },
    "es": {
        "new_device": (
            "Ha entrado desde un dispositivo nuevo",
            "Hola {name}:\n\nAlguien ha entrado en su cuenta el {day} a las {time}, desde un dispositivo que no conocíamos: {device}.\n\n"
            "¿Fue usted? Entonces no tiene que hacer nada.\n\n"
            "Si no, entre, cierre esa sesión y elija otra contraseña:\n{link}\n",
        ),
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Letter:
    """Which letter, and what stands in it beside the name, the day and the time."""

    kind: Kind
    values: Mapping[str, str] = field(default_factory=dict)


def written(letter: Letter, profile: Profile, at: datetime) -> tuple[str, str]:
    """Subject and text."""
    words = _WORDS.get(profile.language[:2].lower(), _WORDS["en"])
    subject, text = words[letter.kind]
    local = at.astimezone(zone_named(profile.timezone))
    day = f"{local:%d/%m/%Y}" if words is _WORDS["es"] else f"{local.day} {local:%B %Y}"
    return subject, text.format(name=profile.name, day=day, time=f"{local:%H:%M}", **letter.values)
