"""An act of a page: done, and the page goes on; or refused, and the panel in which its button stands says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import redirect
from werkzeug.wrappers import Response

from backend import db
from shared.kernel.errors import Conflict, Invalid
from shared.ui.pages import tell, wants_fragment

Made = TypeVar("Made")
Refusal = Invalid | Conflict


def errors_of(why: Refusal) -> dict[str, str]:
    """What a form says of a refusal: field by field, or as a whole where no field is to blame."""
    return dict(why.errors) if isinstance(why, Invalid) and why.errors else {"": str(why)}


def acted(
    act: Callable[[db.Session], Made],
    refused: Callable[[Refusal], Response],
    said: Callable[[Made], tuple[str, ...]],
    back: Callable[[Made], str],
    piece: Callable[[Made], Response] | None = None,
) -> Response:
    """Does the act in a transaction of its own. Refused, the answer is what `refused` draws: the panel, why, and what was typed.

    Done, it is the `piece` that htmx asked for, where there is one; else a notice with what is `said`, title and text, on the
    page to which one goes `back`.
    """
    try:
        with db.transaction() as session:
            made = act(session)
    except (Invalid, Conflict) as why:
        return refused(why)
    if piece is not None and wants_fragment():
        return piece(made)
    tell("good", *said(made))
    return redirect(back(made), 303)
