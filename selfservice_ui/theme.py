"""How the portal is dressed: the name, the colours and the languages of the pack in force."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Flask, Response, abort, current_app, request, url_for

from backend import db
from backend.catalogue import service as catalogues
from backend.matrix.service import Pack
from backend.people.service import public
from shared.kernel import languages
from shared.kernel.errors import NotFound, Unavailable
from shared.ui.assets import A_YEAR

bp = Blueprint("theme", __name__)
KEPT_SECONDS = 5.0
"""A pack that was just published dresses the portal after so long: the database is not asked for each page."""
_FACE = "evenhand_portal_face"


_addresses: dict[tuple[str, str, str], str] = {}
"""Made once per process, mount and content."""


@dataclass(frozen=True, slots=True)
class Face:
    """What of the pack in force every page shows. `mark` names the content of the style sheet and the logo."""

    name: str = "Evenhand"
    languages: tuple[str, ...] = (languages.ENGLISH,)
    style_sheet: str = ""
    logo: str = ""
    mark: str = ""
    said: Callable[[str], str] = str
    """One of the pack's texts in the language that is spoken: what records bring along, such as the lines of bills."""


def install(app: Flask) -> None:
    app.jinja_env.filters["said"] = lambda text: face().said(text)
    app.jinja_env.globals.update(face=face, theme_address=_address)


@bp.get("/theme/<mark>.<ending>")
@public
def static(mark: str, ending: str) -> Response:
    """The pack's style sheet or logo; each content has an address of its own, so that browsers may keep it."""
    known = face()
    text = {"css": known.style_sheet, "svg": known.logo}.get(ending, "")
    if mark != known.mark or not text:
        abort(404)
    answer = Response(text, mimetype="text/css" if ending == "css" else "image/svg+xml")
    answer.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    return answer


def face() -> Face:
    """The pack's face, asked for anew every few seconds; the product's own before a pack is published."""
    kept: tuple[float, Face] | None = current_app.extensions.get(_FACE)
    if kept is None or time.monotonic() - kept[0] > KEPT_SECONDS:
        kept = current_app.extensions[_FACE] = (time.monotonic(), _read(kept[1] if kept else Face()))
    return kept[1]


def _read(known: Face) -> Face:
    """What is in force now; what was known where nobody can say, since the page that tells of that is dressed too."""
    try:
        with db.reading() as session:
            return _face_of(catalogues.pack_in_force(session))
    except (NotFound, Unavailable, RuntimeError):
        return known


def _face_of(pack: Pack) -> Face:
    offered = tuple(tag for tag in pack.offered if languages.base(tag) in languages.known())
    if pack.theme is None:
        return Face(languages=offered or (languages.ENGLISH,), logo=pack.logo, mark=_mark(pack.logo), said=pack.said)
    sheet = pack.theme.style_sheet()
    return Face(
        pack.theme.name, offered or (languages.ENGLISH,), sheet, pack.logo, _mark(sheet + pack.logo),
        pack.said,
    )  # fmt: skip


def _mark(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _address(ending: str) -> str:
    """Where the style sheet ("css") or the logo ("svg") is; empty where the pack has none."""
    known = face()
    if not (known.style_sheet if ending == "css" else known.logo):
        return ""
    key = (request.script_root, known.mark, ending)
    if key not in _addresses:
        _addresses[key] = url_for("theme.static", mark=known.mark, ending=ending)
    return _addresses[key]
