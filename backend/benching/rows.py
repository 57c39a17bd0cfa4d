"""Figures as they are reported: percentiles of what one request or decision took, how many there were in a second, on what machine."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def row(name: str, seconds: Sequence[float], wall: float, **more: Any) -> Row:
    """One measured row. `seconds`: what each took; `wall`: what all of them took together. Raises ValueError for none."""
    if not seconds:
        raise ValueError(f"Nothing was measured for {name}.")
    ordered = sorted(seconds)
    return {
        "name": name,
        "p50_ms": _milliseconds(quantile(ordered, 0.50)),
        "p99_ms": _milliseconds(quantile(ordered, 0.99)),
        "per_second": round(len(ordered) / wall, 1),
        "n": len(ordered),
        **more,
    }


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest of the values, in order, that at least this share of them does not exceed."""
    rank = max(1, -(-int(share * 1_000_000) * len(ordered) // 1_000_000))
    return ordered[min(rank, len(ordered)) - 1]


def machine(database_url: str) -> dict[str, Any]:
    """What the figures were measured on, and how busy it was before: `load_1m` well above 0 says that others were at work."""
    name = database_url.partition(":")[0].partition("+")[0]
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "cpu": _cpu(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "database": f"sqlite {sqlite3.sqlite_version}" if name == "sqlite" else name,
        "load_1m": round(os.getloadavg()[0], 2),
    }


def in_words(found: Row) -> str:
    """The row as a line for people."""
    more = "".join(f"  {key} {value}" for key, value in found.items() if key not in _SHOWN)
    return (
        f"{found['name']:<16} p50 {found['p50_ms']:>9.3f} ms   p99 {found['p99_ms']:>9.3f} ms   "
        f"{found['per_second']:>9.1f}/s   n {found['n']}{more}"
    )


_SHOWN = ("name", "p50_ms", "p99_ms", "per_second", "n")


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 4)


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
