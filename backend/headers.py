"""What every answer tells the browser to allow: next to nothing."""

from flask import Response

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
ONE_YEAR = 31_536_000


def secure(response: Response, *, keep: bool = False, tls_only: bool = False) -> Response:
    """Sets the security headers. Nothing is stored by browser or proxy unless `keep`: pages hold personal data.

    `tls_only` tells browsers never to come back without TLS.
    """
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if not keep:
        response.headers["Cache-Control"] = "no-store"
    if tls_only:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={ONE_YEAR}; includeSubDomains")
    return response
