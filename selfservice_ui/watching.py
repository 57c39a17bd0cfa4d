"""That a customer is here, and on which page: told to the desk with each page that they open, unless they refuse it."""

from __future__ import annotations

import re
from html import unescape

import structlog
from flask import Blueprint, Flask, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as Answer

from backend import db
from backend.overview import service as overview
from backend.people.service import Permission, current_actor, requires
from backend.profiles.service import Profile
from shared.kernel.languages import ENGLISH, spoken
from shared.kernel.languages import gettext as _
from shared.ui.pages import local_path, nobody_looks, request_now, tell, wants_fragment
from shared.ui.signing_in import signed_in_actor

bp = Blueprint("watching", __name__)
PAGES = {
    "home.show": "home", "offers.index": "offers", "offers.show": "offer", "account.services": "services",
    "cancelling.show": "cancel", "account.bills": "bills", "bills.show": "bills", "account.activity": "activity", "privacy.show": "privacy",
    "me.show": "me", "me.closing": "closing", "cases.show": "case", "raising.index": "cases", "raising.new": "ask", "help.show": "article",
}  # fmt: skip
"""The pages that count as a visit, with the keys by which a pack names them."""
TITLES = {
    "home": "Home", "offers": "Offers", "services": "Services", "cancel": "Cancel my plan", "bills": "Bills",
    "activity": "Activity", "privacy": "Privacy",
}  # fmt: skip
_TITLE = re.compile(r"<title>(.*) · [^·<]*</title>", re.DOTALL)
_HEAD = 1000
_log = structlog.stdlib.get_logger("evenhand.visits")


@bp.post("/watching")
@requires(Permission.PORTAL)
def change() -> Answer:
    """Refuses to be watched, or allows it again, and goes on where the customer was."""
    allowed = request.form.get("allow") == "yes"
    with db.transaction() as session:
        overview.set_watching(session, current_actor(), allowed, request_now())
    if allowed:
        tell("good", _("Thank you"), _("While you are here, our team may see which page you are on."))
    else:
        tell("good", _("Our team can't see which page you are on any more"))
    return redirect(local_path(request.form.get("back"), url_for("home.show")), 303)


def install(app: Flask) -> None:
    """Tells of each page that a customer opens, in this one place, and teaches the layout what it says about that."""
    app.after_request(_told)
    app.jinja_env.globals.update(watched=watched, here=here)


def note(profile: Profile) -> None:
    """Keeps what the profile says of watching, which every request reads for its sign-in anyway."""
    g.watched = overview.watching(profile)


def watched() -> bool:
    """Whether the team may see which page the signed-in customer is on."""
    return signed_in_actor() is not None and bool(g.get("watched"))


def here() -> str:
    """The page that is being drawn, to come back to; the first one where it can't be asked for again."""
    if request.method == "GET" and request.endpoint in PAGES:
        return request.script_root + request.path
    return url_for("home.show")


def _told(response: Response) -> Response:
    """A page must reach its customer whether or not the desk could be told of it."""
    key = PAGES.get(request.endpoint or "")
    seen = request.method == "GET" and response.status_code == 200 and response.mimetype == "text/html"
    if key is None or not seen or signed_in_actor() is None or wants_fragment() or nobody_looks():
        return response
    try:
        found = _TITLE.search(response.get_data(as_text=True)[:_HEAD])
        title = unescape(found[1]).strip() if found else key.capitalize()
        if spoken() != ENGLISH:
            title = TITLES.get(key, title)  # the desk reads English; an offer is called what its customer read
        overview.visit(current_actor(), key, title, request_now(), g.get("visit", ...))
    except Exception:
        _log.exception("visit not told", page=key)
    return response
