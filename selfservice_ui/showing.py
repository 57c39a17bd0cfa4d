"""A customer's portal as it is now, drawn for somebody of the staff: nobody signs in, visits, or is shown anything by that."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from flask import Flask, g, render_template

from backend import db
from backend.people.permissions import Permission
from backend.profiles import service as profiles
from selfservice_ui import home, languages, watching
from shared.kernel.actors import Actor
from shared.kernel.languages import speaking, spoken

Drawn = Callable[[UUID, datetime, Callable[[str], str]], str]
_TAGS = re.compile(r"(<[^>]*>)")
_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)
_INERT = re.compile(r'\s(?:data-stream|hx-[\w:]+|href|action)=(?:"[^"]*"|\'[^\']*\')')
_CONTROL = re.compile(r"<(button|input|select|textarea)\b")
_KEPT = ("<link", "<use")


def views(portal: Flask) -> Drawn:
    """What draws the portal's first page of a customer as HTML, with each of its texts as `masked` lets it be read.

    It is drawn outside of any request of the customer's: no cookie, no visit, nothing presented, nothing marked as read. Its
    links lead nowhere and its forms cannot be sent. The drawing raises NotFound.
    """

    def draw(customer_id: UUID, now: datetime, masked: Callable[[str], str]) -> str:
        # Whoever looks goes on in their own language.
        with portal.test_request_context("/"), speaking(spoken()):
            with db.reading() as session:
                profile = profiles.profile(session, customer_id)
            watching.note(profile)
            languages.of_customer(profile.language)
            actor = Actor(
                "customer", str(profile.customer_id), profile.name, frozenset({Permission.PORTAL}), profile.customer_id
            )
            g.now = now
            seen = home.home_context(actor, present=False)
            html = render_template(home.TEMPLATE, **seen, actor=actor, now=now, fragment=False)
        return _inert(html, masked)

    return draw


def _inert(html: str, masked: Callable[[str], str]) -> str:
    """The page without what acts, its words masked; what is a name or an address within a tag is not for reading."""
    parts = _TAGS.split(_SCRIPT.sub("", html))
    return "".join(_still(part) if part.startswith("<") else masked(part) for part in parts)


def _still(tag: str) -> str:
    if tag.startswith(_KEPT):
        return tag
    tag = _CONTROL.sub(r"<\1 disabled", _INERT.sub("", tag))
    return re.sub(r'(\b(?:value|title|aria-label|placeholder)=)"[^"]*"', r'\1""', tag) if "<input" in tag else tag
