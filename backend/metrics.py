"""Prometheus metrics of all web workers together.

Several processes share one folder, which `evenhand serve` names in PROMETHEUS_MULTIPROC_DIR before it starts them; a
single process, as in tests, counts in its own memory.
"""

import os

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = CONTENT_TYPE_LATEST
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

REQUEST_SECONDS = Histogram(
    "evenhand_request_seconds",
    "Time from a request's arrival to its answer",
    ["app", "method", "route", "status"],
    buckets=(0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
JOBS = Counter("evenhand_outbox_jobs", "Jobs done by this process's outbox worker")
WEBHOOKS = Counter("evenhand_webhooks", "Attempts to deliver a webhook, by what came of them", ["outcome"])
SEALED = Counter("evenhand_audit_sealed", "Audit entries sealed by this process")
RULE_FAILURES = Counter(
    "evenhand_rule_failures", "Rules that could not be decided, by stored decision", ["treatment", "step"]
)


def observe(app: str, method: str, route: str, status: int, seconds: float) -> None:
    """Counts a request. The route is its pattern, never its path: paths are many and name customers."""
    known = method if method in METHODS else "other"
    REQUEST_SECONDS.labels(app, known, route, str(status)).observe(seconds)


def exposition() -> bytes:
    """All metrics in Prometheus's text format."""
    if FOLDER_VARIABLE not in os.environ:
        return generate_latest(REGISTRY)
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return generate_latest(together)
