"""Contact policy: what was put to the customer before limits what may be put to them now. Pure; windows are whole days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from backend.matrix.service import Policies
from backend.treatments.catalogue import Treatment
from backend.treatments.facts import SAID_NO, TAKEN, Configuration, Ledger

Refusal = tuple[str, str, dict[str, Any]]
"""The rule, what to tell, and the values that it saw."""


def presentations(ledger: Ledger, today: date, days: int = 30, without: str | None = None) -> int:
    """How many offers were presented in the last days, the one named left out."""
    since = today - timedelta(days=days)
    return sum(
        1 for o in ledger.offers if o.presented_on is not None and o.presented_on > since and o.offer_id != without
    )


def concessions(ledger: Ledger, today: date) -> float:
    """The money given away to this customer over twelve months, in major units."""
    since = today - timedelta(days=365)
    return sum(
        o.concession for o in ledger.offers if o.state in TAKEN and o.answered_on is not None and o.answered_on > since
    )


def committed(ledger: Ledger, today: date, without: str | None = None) -> float:
    """What was given away, and what standing offers, put off ones too, still promise: a new concession must fit beside both, in major units."""
    standing = (o for o in ledger.offers if o.state in ("presented", "deferred") and o.valid_until >= today)
    promised = sum(o.concession for o in standing if o.offer_id != without)
    return concessions(ledger, today) + promised


def refusal(
    t: Treatment,
    ledger: Ledger,
    policies: Policies,
    configuration: Configuration,
    today: date,
    concession: float,
) -> Refusal | None:
    """Why this treatment may not be put to the customer today; None when it may."""
    return (
        _answered(t, ledger, today)
        or _too_many_sales(t, ledger, policies, configuration, today)
        or _too_much_conceded(ledger, policies, today, concession)
    )


def _answered(t: Treatment, ledger: Ledger, today: date) -> Refusal | None:
    for o in reversed(ledger.offers):
        if o.treatment != t.key:
            continue
        if o.state == "deferred" and o.until is not None and o.until > today and o.valid_until >= today:
            return (
                "deferred",
                f"The customer asked to come back to it on {o.until.isoformat()}.",
                {"until": o.until.isoformat()},
            )
        if o.answered_on is None:
            continue
        if o.state in TAKEN and today < (again := o.answered_on + timedelta(days=t.repeat_days)):
            return (
                "repeat",
                f"Accepted on {o.answered_on.isoformat()}; not again before {again.isoformat()}.",
                {"accepted_on": o.answered_on.isoformat()},
            )
        if o.state in SAID_NO and today < (again := o.answered_on + timedelta(days=t.cool_off_days)):
            said = "Declined" if o.state == "declined" else "Taken back"
            return (
                "cool_off",
                f"{said} on {o.answered_on.isoformat()}; not again before {again.isoformat()}.",
                {"declined_on": o.answered_on.isoformat()},
            )
    return None


def _too_many_sales(
    t: Treatment, ledger: Ledger, policies: Policies, configuration: Configuration, today: date
) -> Refusal | None:
    if t.issue != "sales":
        return None
    # As they were when they were put: a sale that the catalogue dropped since was one all the same.
    sales = [o for o in ledger.offers if configuration.treatment_of(o).issue == "sales"]
    days = sorted(o.presented_on for o in sales if o.presented_on is not None)
    recent = sum(1 for day in days if day > today - timedelta(days=30))
    if recent >= policies.sales_cap_30d:
        return (
            "sales_cap",
            f"{recent} sales offers in 30 days; at most {policies.sales_cap_30d}.",
            {"sales_30d": recent},
        )
    if days and today < (again := days[-1] + timedelta(days=policies.sales_min_gap_days)):
        return (
            "sales_gap",
            f"The last sales offer was on {days[-1].isoformat()}; the next from {again.isoformat()}.",
            {"last_sale": days[-1].isoformat()},
        )
    return None


def _too_much_conceded(ledger: Ledger, policies: Policies, today: date, concession: float) -> Refusal | None:
    if not concession:
        return None
    given = committed(ledger, today)
    if given + concession > policies.concession_cap + 1e-9:
        return (
            "concession_cap",
            f"{given:.2f} conceded or promised in 12 months; with {concession:.2f} more the cap of {policies.concession_cap:.2f} is passed.",
            {"concessions_12m": given},
        )
    return None
