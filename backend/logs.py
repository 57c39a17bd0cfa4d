"""Logs: one line of JSON an event to stderr (plain words on a terminal), with the request's id and without secrets."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

REDACTED = "[redacted]"
_SECRET_NAMES = re.compile(r"password|passwd|secret|token|authorization|cookie|api_?key", re.IGNORECASE)
# Our keys, whatever stands before a bearer, a password in an address, the tokens in the paths of a
# telephone bridge of a link by which a customer signs in, and of one by which somebody joins.
_SECRET_TEXTS = re.compile(
    r"eh_[0-9a-f]{32}_[\w-]+|(?<=[Bb]earer )\S+|(?<=[Bb]asic )[A-Za-z0-9+/=]{8,}|(?<=://)[^/@\s:]*:[^/@\s]+(?=@)"
    r"|(?<=/cti/)[^/\s?\"]+|(?<=/sign-in/link/)[^/\s?\"]+|(?<=/join/)[^/\s?\"]+"
)


def configure(level: str = "INFO") -> None:
    """Sends our own log and that of every library through one formatter. Calling it again changes the level alone."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    terminal = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer(colors=True) if terminal else structlog.processors.JSONRenderer()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Takes out what may open a door: values under telling names, and keys and passwords wherever they stand."""
    for name, value in event.items():
        if _SECRET_NAMES.search(name):
            event[name] = REDACTED
        elif isinstance(value, str):
            event[name] = _SECRET_TEXTS.sub(REDACTED, value)
    return event
