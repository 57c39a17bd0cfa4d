"""An organisation's own single sign-on, by OpenID Connect: out to the provider, and back with whom it knows.

Authlib does the protocol: the code flow with PKCE, a state that only this browser has, a nonce in the signed token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Flask, current_app, session, url_for
from joserfc.errors import JoseError
from requests import RequestException
from werkzeug.wrappers import Response

from shared.kernel.errors import NotFound, Unauthenticated
from shared.kernel.languages import gettext

PATIENCE_SECONDS = 5
LONGEST = 255
_NEXT = "sign_on_next"
_log = structlog.stdlib.get_logger("evenhand.sign_on")


@dataclass(frozen=True, slots=True)
class Known:
    """Whom the provider knows: its own id of the person, and their e-mail address where it has verified that; else none."""

    issuer: str
    subject: str
    email: str


@dataclass(frozen=True, slots=True)
class _Provider:
    name: str
    issuer: str
    client: Any
    address: str
    back: str


def install_sign_on(app: Flask, *, issuer: str, client: str, secret: str, name: str, address: str, back: str) -> None:
    """Offers sign-on by this provider. `address`: where people reach us; `back`: the endpoint that they come back to."""
    registered = OAuth(app).register(
        "sign_on",
        client_id=client,
        client_secret=secret,
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email profile", "code_challenge_method": "S256", "default_timeout": PATIENCE_SECONDS,
        },
    )  # fmt: skip
    app.extensions["evenhand_sign_on"] = _Provider(name, issuer, registered, address, back)


def name() -> str:
    """What people call the provider that is set up; empty where none is."""
    provider = current_app.extensions.get("evenhand_sign_on")
    return provider.name if provider else ""


def go(next_path: str) -> Response:
    """Sends the browser to the provider. Raises NotFound where none is set up, Unauthenticated, in words for the person, where it cannot be reached."""
    provider = _provider()
    try:
        _check_issuer(provider)
        answer: Response = provider.client.authorize_redirect(provider.address + url_for(provider.back))
    except (AuthlibBaseError, JoseError, RequestException, RuntimeError, ValueError, KeyError, TypeError) as failure:
        raise _refused(provider, failure) from failure
    session[_NEXT] = next_path
    return answer


def returned() -> tuple[Known, str]:
    """Whom the provider knows, and the page that was asked for. Raises NotFound where none is set up, Unauthenticated, in words for the person."""
    provider = _provider()
    next_path = session.pop(_NEXT, "")
    try:
        _check_issuer(provider)
        token = provider.client.authorize_access_token(claims_options=_claims(provider))
        claims = token["userinfo"]
    except (AuthlibBaseError, JoseError, RequestException, RuntimeError, ValueError, KeyError, TypeError) as failure:
        raise _refused(provider, failure) from failure
    subject, email = claims.get("sub"), claims.get("email")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST:
        raise _refused(provider, ValueError("it names nobody"))
    verified = claims.get("email_verified") is True and isinstance(email, str) and len(email) <= LONGEST
    return Known(provider.issuer, subject, email if verified else ""), next_path


def _provider() -> _Provider:
    provider: _Provider | None = current_app.extensions.get("evenhand_sign_on")
    if provider is None:
        raise NotFound(gettext("There is no such page."))
    return provider


def _check_issuer(provider: _Provider) -> None:
    """What a provider says of itself must be what was set: another's people are none of ours."""
    said = str(provider.client.load_server_metadata().get("issuer", ""))
    if said.rstrip("/") != provider.issuer:
        raise ValueError("it is another issuer")


def _claims(provider: _Provider) -> dict[str, Any]:
    return {
        "iss": {"essential": True, "values": [provider.client.server_metadata["issuer"]]},
        "aud": {"essential": True, "value": provider.client.client_id},
        "exp": {"essential": True},
    }


def _refused(provider: _Provider, failure: Exception) -> Unauthenticated:
    """The log has the kind of failure alone: its words may hold a token."""
    error = str(getattr(failure, "error", ""))[:80]
    _log.warning("sign-on failed", failure=type(failure).__name__, error=error)
    if error == "access_denied":
        said = gettext(
            "%(name)s did not let you through. Try again, or ask whoever looks after it.", name=provider.name
        )
    elif isinstance(failure, RequestException):
        said = gettext("%(name)s cannot be reached just now. Try again in a minute.", name=provider.name)
    else:
        said = gettext("Signing in with %(name)s did not work, or took too long. Begin again here.", name=provider.name)
    return Unauthenticated(said)
