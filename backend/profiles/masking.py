"""What of a customer a member of staff, or a program, may be shown: by role, and masked until the caller is verified. Pure.

The engine reads all; only showing is masked. Customers see all that is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.matrix.service import Attribute, Pack, attribute_text
from backend.profiles.types import Profile
from shared.kernel.actors import Actor

DOTS = "••••"
SENSITIVE = "see_sensitive"
"""The permission of programs that read what is masked."""
SHORTEST = 4
"""Shorter words ("No", "Yes") stand in other sentences too, and tell nothing by themselves."""
_DATE = re.compile(r"\b(\d{4})-\d{2}-\d{2}\b")


@dataclass(frozen=True)
class Mask:
    """For one viewer and one customer: what is left out, what is masked, and the words that would tell it."""

    withheld: frozenset[str] = frozenset()
    """Attributes that are not for this viewer's role."""
    masked: frozenset[str] = frozenset()
    """Attributes that are shown masked; `phone` and `email` among them where the pack masks these."""
    words: Mapping[str, str] = field(default_factory=dict)
    """Text that would tell a hidden value → what stands in its place."""
    labels: frozenset[str] = frozenset()
    """What hidden attributes are called: events tell by these what a rule looked at, and what changed."""

    @property
    def hidden(self) -> frozenset[str]:
        return self.withheld | self.masked

    def names(self, *texts: str) -> bool:
        """Whether one of the texts, rules among them, speaks of what is hidden."""
        return bool(self.hidden) and any(self.hidden & set(re.findall(r"[a-z][a-z0-9_]*", text)) for text in texts)

    def text(self, text: str) -> str:
        """The text with dots where it would tell a hidden value."""
        for word, dots in self.words.items():
            if word in text:
                # A number stands by itself: a part of a longer one is another.
                begins, ends = (r"(?<!\d)" if word[0].isdigit() else ""), (r"(?!\d)" if word[-1].isdigit() else "")
                text = re.sub(f"{begins}{re.escape(word)}{ends}", dots, text)
        return text

    def value(self, attribute: Attribute, value: Any, currency: str, language: str) -> str:
        """The value as this viewer may read it: in words, masked, or empty."""
        if attribute.key in self.withheld:
            return ""
        said = attribute_text(attribute, value, currency, language)
        return masked_text(attribute, value) if said and attribute.key in self.masked else said

    def plain(self, value: Any) -> Any:
        """Plain data without hidden attributes, its texts with dots where they would tell one."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            secret = self.hidden | self.labels
            return {key: DOTS if key in secret else self.plain(one) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            if len(value) == 2 and isinstance(value[0], str) and value[0] in self.labels:
                return [value[0], DOTS]
            return [self.plain(one) for one in value]
        return value


OPEN = Mask()
"""Nothing is hidden."""


def mask_of(
    profile: Profile, attributes: Iterable[Mapping[str, Any]], pack: Pack, actor: Actor, verified: bool
) -> Mask:
    """What this viewer is shown of the customer; `attributes` are all in which a value of theirs stands, holdings' too.

    `verified`: whoever speaks with this member of staff has proved who they are. A program sees what is sensitive only by a
    permission of its own.
    """
    if actor.kind in ("customer", "system") or (actor.kind == "key" and actor.may(SENSITIVE)):
        return OPEN
    known = [*pack.attributes.values(), *(a for kind in pack.holdings for a in kind.attribute)]
    withheld = frozenset(a.key for a in known if a.sees and actor.role not in a.sees)
    masked = frozenset() if verified else frozenset(a.key for a in known if a.masked) | frozenset(pack.masked_contact)
    hidden = [a for a in known if a.key in withheld | masked]
    words: dict[str, str] = {}
    for attribute in hidden:
        for value in (*attribute.choices, *(values.get(attribute.key) for values in attributes)):
            for said in (str(value), attribute_text(attribute, value, pack.currency, profile.language)):
                if attribute.type != "bool" and value and len(said) >= SHORTEST:
                    words[said] = masked_text(attribute, value) if attribute.key in masked else DOTS
    for name, contact, shown in (("phone", profile.phone, phone_text), ("email", profile.email, email_text)):
        if contact and name in masked:
            words[contact] = shown(contact)
    longest = sorted(words, key=lambda word: (-len(word), word))
    return Mask(
        withheld, masked - withheld, {word: words[word] for word in longest}, frozenset(a.label for a in hidden)
    )


def masked_text(attribute: Attribute, value: Any) -> str:
    """What is shown in place of the value: of a day its year, by which one can ask; of all else nothing."""
    day = _DATE.search(str(value)) if attribute.type == "date" else None
    return f"{DOTS} {day[1]}" if day else DOTS


def name_text(name: str) -> str:
    """The first letter of each of its words."""
    return " ".join(f"{word[0]}{DOTS}" for word in name.split())


def phone_text(phone: str) -> str:
    """The last three digits, by which one recognises a number that one knows."""
    return f"{DOTS} {phone[-3:]}"


def email_text(email: str) -> str:
    """The first letter and the domain."""
    name, _, domain = email.partition("@")
    return f"{name[:1]}{DOTS}@{domain}"
