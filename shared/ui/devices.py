"""Who is at the door of a face, before anybody signs in: the network, the browser, and the device by a cookie of its own.

The cookie says nothing but that it is the same browser as before; it is signed, so that nobody can make one up.
"""

from __future__ import annotations

import secrets

from flask import Flask, Response, current_app, g, request
from itsdangerous import BadSignature, URLSafeSerializer

A_YEAR = 365 * 24 * 3600
_LONGEST = 300
_LOOPBACK = ("127.0.0.1", "::1", "")


def install_devices(app: Flask, face: str) -> None:
    """Below the face's own place alone, as its session is."""
    app.config["DEVICE_COOKIE"] = f"evenhand_{face}_device"
    app.after_request(_kept)


def network_address() -> str:
    """Where the request comes from: what our own proxy, on this machine, says of it, else who is at the other end."""
    address = request.remote_addr or ""
    if address in _LOOPBACK and (told := request.headers.get("X-Forwarded-For", "")):
        # The last one is the proxy's own; all before it may be anybody's invention.
        return told.rpartition(",")[2].strip()[:_LONGEST]
    return address


def browser_words() -> str:
    return request.headers.get("User-Agent", "")[:_LONGEST]


def device_mark() -> str:
    """What the device is known by; empty for one that has no mark, or none of ours."""
    if "device_mark" not in g:
        try:
            g.device_mark = str(_signer().loads(request.cookies.get(current_app.config["DEVICE_COOKIE"], "")))
        except BadSignature:
            g.device_mark = ""
    mark: str = g.device_mark
    return mark


def mark_device() -> str:
    """The device's mark, which it is given with this answer where it has none."""
    if not device_mark():
        g.device_mark = secrets.token_urlsafe(24)
    g.device_is_kept = True
    return device_mark()


def face_key() -> bytes:
    """The face's own secret, for digests of what its visitors bring."""
    key = current_app.secret_key or b""
    return key.encode() if isinstance(key, str) else key


def _kept(response: Response) -> Response:
    if g.get("device_is_kept"):
        response.set_cookie(
            current_app.config["DEVICE_COOKIE"], _signer().dumps(g.device_mark), max_age=A_YEAR,
            path=request.script_root or "/", httponly=True, samesite="Lax",
            secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        )  # fmt: skip
    return response


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(face_key(), salt="device")
