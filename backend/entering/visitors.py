"""Whoever stands at the door: from which network, on which device, with what browser. Pure."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass, field

from shared.kernel.languages import noted

_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "Chromebook"),
    ("Mac OS X", "Mac"), ("Macintosh", "Mac"), ("Linux", "Linux"),
)  # fmt: skip
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"), ("Chrom", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
UNKNOWN = noted("A device that we can't name")


@dataclass(frozen=True, slots=True)
class Visitor:
    """`device` is the digest of what the browser's signed cookie says, empty for a browser without one; `secret` keys digests."""

    network: str
    device: str
    words: str
    secret: bytes = field(repr=False)

    def key(self, *parts: str) -> str:
        """What is counted under: it names nobody to who reads it."""
        return hmac.new(self.secret, "\n".join(parts).encode(), hashlib.sha256).hexdigest()


def visitor(address: str, mark: str, user_agent: str, secret: bytes) -> Visitor:
    """`address`: where the request comes from; `mark`: what the device's cookie says; `secret`: the face's own."""
    device = hashlib.sha256(mark.encode()).hexdigest() if mark else ""
    return Visitor(network_of(address), device, words_of(user_agent), secret)


def network_of(address: str) -> str:
    """The part of an address that one party holds: all of IPv4, the first 64 bits of IPv6."""
    try:
        plain = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if plain.version == 6:
        known = plain.ipv4_mapped
        return str(known) if known else str(ipaddress.ip_network((int(plain), 64), strict=False))
    return str(plain)


def words_of(user_agent: str) -> str:
    """The device as its owner would name it: "Chrome on Windows"."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return f"{browser} on {system}" if browser and system else browser or system or UNKNOWN
