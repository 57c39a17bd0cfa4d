"""Makes a Flask app a face: filters, assets, forms' tokens, error pages in the face's own look."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from flask import Flask, Request, Response, abort, g, request, session
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError, generate_csrf
from jinja2 import Template
from jinja2.environment import TemplateModule
from jinja2.runtime import Context
from markupsafe import Markup
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import HTTPException

from shared.kernel import languages
from shared.kernel.errors import EvenhandError, Unauthenticated
from shared.kernel.languages import gettext as _
from shared.kernel.languages import noted
from shared.ui.addresses import install_addresses
from shared.ui.assets import install_assets
from shared.ui.events import FILTERS as EVENT_FILTERS
from shared.ui.formats import FILTERS
from shared.ui.pages import page, request_now, wants_fragment
from shared.ui.signing_in import signed_in_actor, to_sign_in
from shared.ui.slots import FILTERS as SLOT_FILTERS

WORDS = {
    400: (noted("This could not be read"), noted("Go back, reload the page and try again.")),
    403: (noted("Not allowed"), noted("You are signed in, but this is not yours to see or do.")),
    404: (noted("Not here"), noted("The page or the thing that you asked for does not exist, or is not yours to see.")),
    405: (noted("Not possible this way"), noted("Go back and use the buttons of the page.")),
    410: (noted("Erased"), noted("This was here, and was erased as the customer asked.")),
    413: (noted("Too much at once"), noted("What was sent is larger than we take. Shorten it and try again.")),
    429: (noted("Too many tries"), noted("Wait a minute, then try again.")),
    500: (noted("Something went wrong on our side"), noted("It has been noted. Try again in a minute.")),
}
LARGEST_FORM = 64 * 1024
_UNSHOWABLE = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
"""Control characters but tabs and ends of lines, and what Unicode sets aside; a NUL is refused outright."""
_TOKEN = Markup('<input type="hidden" name="csrf_token" value="{}">')


class FaceTemplate(Template):
    """A template whose macros are made once for each language, for whoever imports them: all templates of a face have the same globals.

    Each import compared them by name, some thirty for each of thirty imports of a page.
    """

    _made: dict[str, TemplateModule] | None = None

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        made = self._made = self._made or {}
        tag = languages.spoken()
        if tag not in made:
            made[tag] = self.make_module()
        return made[tag]


class FaceRequest(Request):
    """Leaves out of what forms send what no page can show: a terminal's escapes, say, pasted with the words around them."""

    def _load_form_data(self) -> None:
        super()._load_form_data()
        sent: ImmutableMultiDict[str, str] = self.__dict__["form"]
        if any(_UNSHOWABLE.search(text) for text in sent.values()):
            self.__dict__["form"] = ImmutableMultiDict(
                [(name, _UNSHOWABLE.sub("", text)) for name, text in sent.items(multi=True)]
            )


def install_face(app: Flask, *, layout: str, folder: Path) -> None:
    """Gives the app all that both faces share. `layout` is the template whose look the error pages take."""
    app.request_class = FaceRequest
    app.jinja_env.template_class = FaceTemplate
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_FORM
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(FILTERS | EVENT_FILTERS | SLOT_FILTERS)
    install_assets(app, folder)
    CSRFProtect(app)
    app.jinja_env.globals["csrf_field"] = _csrf_field
    install_addresses(app)
    app.before_request(_no_nul)

    @app.context_processor
    def common() -> dict[str, Any]:
        return {"actor": signed_in_actor(), "now": request_now(), "fragment": wants_fragment()}

    def show(status: int, title: str, text: str) -> Response:
        return page("ui/error.html", "words", status=status, layout=layout, code=status, title=title, text=text)

    @app.errorhandler(EvenhandError)
    def refused(error: EvenhandError) -> Any:
        if isinstance(error, Unauthenticated):
            return to_sign_in()
        response = show(error.status, _(error.title), str(error))
        if error.status in (429, 503):
            wait = 60 if error.status == 429 else 5
            response.headers["Retry-After"] = str(error.extra.get("retry_after", wait))
        return response

    @app.errorhandler(CSRFError)
    def stale(error: CSRFError) -> Response:
        session.pop("csrf_token", None)
        return show(400, _("This page has been open too long"), _("Nothing was saved. Reload the page and try again."))

    @app.errorhandler(HTTPException)
    def failed(error: HTTPException) -> Any:
        status = error.code or 500
        if status < 400:
            return error
        title, text = WORDS.get(status, WORDS[500] if status >= 500 else WORDS[400])
        response = show(status, _(title), _(text))
        for name, value in error.get_headers():
            if name in ("Allow", "Retry-After"):
                response.headers[name] = value
        return response


def _csrf_field() -> Markup:
    """What every form carries to show that it is ours; the same in all of one page."""
    if "csrf_field" not in g:
        g.csrf_field = _TOKEN.format(generate_csrf())
    field: Markup = g.csrf_field
    return field


def _no_nul() -> None:
    """Refuses text with a NUL in it: nobody can type one, and PostgreSQL keeps none, so that it would fail only later."""
    for sent in (request.args, request.form):
        if any("\x00" in text for pair in sent.items(multi=True) for text in pair):
            abort(400)
