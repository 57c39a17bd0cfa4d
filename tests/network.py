"""Tests talk to this machine alone: whatever would leave it fails the test that tried."""

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest


def is_here(address: Any) -> bool:
    """Whether a socket's address is this machine: a path, or a loopback address or name."""
    if isinstance(address, (str, bytes)):
        return True
    host = str(address[0])
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Refuses connections and look-ups that leave this machine."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if not is_here(address):
            pytest.fail(f"The test tried to reach {address}.")
        connect(self, address)

    def guarded_look_up(host: Any, *args: Any, **more: Any) -> Any:
        if host is not None and not is_here((host,)):
            pytest.fail(f"The test tried to look up {host}.")
        return look_up(host, *args, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield
