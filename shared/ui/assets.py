"""Style sheets, scripts and icons: served with a fingerprint in the address, so that browsers may keep them for a year."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Blueprint, Flask, Response, request, send_from_directory, url_for
from markupsafe import Markup

SHARED = Path(__file__).parent / "static"
HTMX = "vendored/htmx-4.0.1/htmx.min.js"
ICONS = "vendored/tabler-icons-3.51.0/icons.svg"
_ICON = Markup('<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>')
A_YEAR = 365 * 24 * 3600
AN_HOUR = 3600


def _fingerprint(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=6).hexdigest()


def install_assets(app: Flask, folder: Path) -> None:
    """Serves the shared assets and those of the face's own folder under /assets, open to everybody."""
    blueprint = Blueprint("assets", __name__, template_folder="templates")
    folders = (SHARED, folder)

    def find(name: str) -> Path | None:
        return next((place / name for place in folders if (place / name).is_file()), None)

    @blueprint.get("/assets/<path:filename>")
    def static(filename: str) -> Response:
        place = next((place for place in folders if (place / filename).is_file()), SHARED)
        marked = "v" in request.args or filename.startswith("vendored/")
        return send_from_directory(place, filename, max_age=A_YEAR if marked else AN_HOUR)

    known: dict[tuple[str, str], str] = {}

    def asset(name: str) -> str:
        """The address of an asset. A page names an icon sixty times: each address is made once per process and mount."""
        key = (request.script_root, name)
        if key not in known:
            found = find(name)
            if found is None:
                raise LookupError(f"There is no asset {name!r}.")
            known[key] = url_for("assets.static", filename=name, v=_fingerprint(found))
        return known[key]

    drawn: dict[tuple[str, str], Markup] = {}

    def icon(name: str) -> Markup:
        """The icon of this name, for the eye alone: the words beside it say the same. Drawn once per process and mount."""
        key = (request.script_root, name)
        if key not in drawn:
            drawn[key] = _ICON.format(asset(ICONS), name)
        return drawn[key]

    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(asset=asset, drawn_icon=icon, HTMX=HTMX)
