"""An epoch as bytes and back: names as JSON, numbers as 64-bit floats, digit for digit. Pure."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import replace
from typing import Any

import numpy as np

from backend.learning.epoch import Epoch, Exploring
from backend.learning.fitting import Arm

_ARRAYS = ("weights", "spread", "group_weights", "group_spread")


def packed(epoch: Epoch) -> tuple[str, bytes]:
    """The digest that names what was learned, and its bytes."""
    head = {
        "columns": epoch.columns,
        "arms": [[arm.key, arm.group, arm.prior] for arm in epoch.arms],
        "groups": epoch.groups,
        "mix": dict(epoch.mix),
        "exploring": {group: list(one) for group, one in epoch.exploring.items()},
        "fallen": dict(epoch.fallen),
    }
    text = json.dumps(head, sort_keys=True, ensure_ascii=False).encode()
    numbers = b"".join(np.ascontiguousarray(getattr(epoch, name), dtype="<f8").tobytes() for name in _ARRAYS)
    plain = len(text).to_bytes(8, "big") + text + numbers
    return hashlib.sha256(plain).hexdigest(), zlib.compress(plain, 1)


def unpacked(number: int, body: bytes) -> Epoch:
    """The epoch of these bytes. Raises ValueError, KeyError or zlib.error where they are none."""
    plain = zlib.decompress(body)
    end = 8 + int.from_bytes(plain[:8], "big")
    head: dict[str, Any] = json.loads(plain[8:end])
    many, groups, width = len(head["arms"]), len(head["groups"]), len(head["columns"])
    shapes = ((many, width), (many, width, width), (groups, width), (groups, width, width))
    numbers, arrays, place = np.frombuffer(plain[end:], dtype="<f8"), [], 0
    for shape in shapes:
        size = int(np.prod(shape))
        arrays.append(numbers[place : place + size].reshape(shape))
        place += size
    return Epoch(
        number, tuple(head["columns"]), tuple(Arm(*arm) for arm in head["arms"]), arrays[0], arrays[1], tuple(head["groups"]),
        arrays[2], arrays[3], head["mix"], {group: Exploring(*one) for group, one in head["exploring"].items()}, head["fallen"],
        hashlib.sha256(plain).hexdigest(),
    )  # fmt: skip


def named(epoch: Epoch) -> Epoch:
    """The epoch with its digest."""
    return replace(epoch, digest=packed(epoch)[0])
