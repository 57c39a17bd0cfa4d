"""Bills and payments that add up: over a tenure of up to two years the bills sum to the file's real total charges."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING

from backend.packs.telecom.made import MadeBill, MadeLine
from backend.packs.telecom.rows import Row

if TYPE_CHECKING:
    from backend.packs.telecom.history import Diary

CURRENCY = "USD"
DAYS_TO_PAY = 20
_ONE_OFFS = (
    "One-off: calls outside your plan",
    "One-off: technician visit",
    "One-off: calls abroad",
    "One-off: film rental",
)
_ADD_ONS = {
    "online_security": "Online security",
    "online_backup": "Online backup",
    "device_protection": "Device protection",
    "tech_support": "Tech support",
    "streaming_tv": "TV streaming",
    "streaming_movies": "Film streaming",
}
_MONTHLY = {"streaming_tv": 1000, "streaming_movies": 1000}  # cents; the other add-ons are 500
# By payment method: chance that a payment fails, mean days after the due date, spread in days.
_MANNERS = {
    "Bank transfer (automatic)": (0.004, 0.0, 0.0),
    "Credit card (automatic)": (0.010, 0.0, 0.0),
    "Electronic check": (0.025, -5.0, 3.5),
    "Mailed check": (0.008, -4.0, 3.0),
}
_WHY_FAILED = {
    "Bank transfer (automatic)": "the bank returned it",
    "Credit card (automatic)": "the card had expired",
    "Electronic check": "the bank did not accept the check",
    "Mailed check": "the check was returned",
}


@dataclass(frozen=True, slots=True)
class Account:
    """The dates between which an account is billed."""

    row: Row
    since: date
    last_bill: date
    end: date
    today: date
    left: bool


def month_before(day: date, months: int) -> date:
    """The same day `months` calendar months earlier (later when negative), never past the 28th."""
    total = day.year * 12 + day.month - 1 - months
    return date(total // 12, total % 12 + 1, min(day.day, 28))


def bills_of(account: Account, diary: "Diary", rng: Random, months: int) -> tuple[MadeBill, ...]:
    """The bills of the last `months` months, latest first, with their events and those of their payments in the diary."""
    row = account.row
    tenure = int(row["tenure"] or 0)
    charge = round(float(row["monthly_charges"] or 0) * 100)
    total = round(float(row["total_charges"] or 0) * 100)
    count = min(tenure, months)
    if not count:
        return ()
    one_off = rng.choice((799, 1240, 1650, 2500)) if count > 2 and rng.random() < 0.05 else 0
    what = rng.choice(_ONE_OFFS) if one_off else ""
    amounts = _amounts(charge, total, tenure, count, one_off)
    # Some people always pay late; without a lasting contract a little more often.
    late = rng.random() < (0.10 if row["contract"] == "Month-to-month" else 0.03)
    unpaid = rng.random() < (0.18 if account.left else 0.035)
    bills: list[MadeBill] = []
    extras = _extras(row)
    for back, amount in enumerate(amounts):
        issued = month_before(account.last_bill, back)
        if not diary.has(issued):
            break
        lines = _lines(row, extras, amount, one_off if back == 0 else 0, what)
        missed = unpaid and back == 0 and tenure > 1
        bills.append(_bill(account, diary, rng, issued, amount, lines, late, missed))
    if unpaid and len(bills) > 2 and not account.left:
        # What is overdue must be past its date: the bill before the latest stays unpaid too.
        bills[1] = _unpaid(bills[1], account, diary)
    return tuple(bills)


def _amounts(charge: int, total: int, tenure: int, count: int, one_off: int) -> list[int]:
    """Cents, latest first: today's charge (and a one-off on top), then a steady drift back to what the real total demands."""
    if tenure == 1:
        return [total]
    rest = total - one_off
    drift = 2 * (rest / tenure - charge) / (tenure - 1)
    amounts = [round(charge + drift * back) for back in range(count)]
    if min(amounts) < charge // 3:  # a few totals lie far from tenure × charge: the earlier bills share evenly
        amounts = [charge] + [round((rest - charge) / (tenure - 1))] * (count - 1)
    if tenure <= count:
        amounts[-1] += rest - sum(amounts)  # the cents that rounding left over
    amounts[0] += one_off
    return amounts


def _extras(row: Row) -> tuple[MadeLine, ...]:
    """The lines that are the same on every bill: add-ons, and phone lines beside the internet."""
    lines = [MadeLine(text, _MONTHLY.get(key, 500)) for key, text in _ADD_ONS.items() if row[key] == "Yes"]
    if row["multiple_lines"] == "Yes":
        lines.append(MadeLine("Second phone line", 500))
    if row["phone_service"] and row["internet_service"] != "No":
        lines.append(MadeLine("Phone line", 2000))
    return tuple(lines)


def _lines(row: Row, extras: tuple[MadeLine, ...], amount: int, one_off: int, what: str) -> tuple[MadeLine, ...]:
    # The main service takes the rest, so that the lines add up to the bill to the cent.
    main = {"DSL": "DSL internet", "Fiber optic": "Fiber internet", "No": "Phone line"}[str(row["internet_service"])]
    rest = amount - one_off - sum(line.amount_minor for line in extras)
    lines = (MadeLine(main, rest), *extras) if rest >= 500 else (MadeLine("Monthly charges", amount - one_off),)
    return (*lines, MadeLine(what, one_off)) if one_off else lines


def _bill(
    account: Account,
    diary: "Diary",
    rng: Random,
    issued: date,
    amount: int,
    lines: tuple[MadeLine, ...],
    late: bool,
    missed: bool,
) -> MadeBill:
    method = str(account.row["payment_method"])
    fails, mean, spread = _MANNERS[method]
    due = issued + timedelta(days=DAYS_TO_PAY)
    reference = f"B{issued.year}{issued.month:02d}"
    channel = "portal" if account.row["paperless_billing"] else "branch"
    data = {"bill": reference, "amount_minor": amount, "currency": CURRENCY, "due_on": due.isoformat()}
    diary.note(issued, "bill.issued", channel, ("system", "Billing"), data, minute=6 * 60)

    pay = due + timedelta(days=round(rng.gauss(mean, spread) + (9 if late and spread else 0)))
    pay = max(pay, issued + timedelta(days=1))
    if account.left and pay > account.end:
        pay = min(pay, issued + timedelta(days=rng.randint(0, 12)))  # the account is settled on leaving, or not at all
    attempt = {"bill": reference, "amount_minor": amount, "currency": CURRENCY, "method": method}
    by = ("system", "Payments") if "automatic" in method else ("customer", "")
    failed = rng.random() < fails or (missed and rng.random() < 0.6)
    if failed and diary.has(pay):
        diary.note(pay, "payment.failed", "portal", by, {**attempt, "why": _WHY_FAILED[method]})
        diary.count("failed_payments", pay)
        pay += timedelta(days=rng.randint(4, 12))
    if missed or pay > account.end:
        return MadeBill(reference, issued, due, amount, CURRENCY, _owing(due, account), None, lines)
    diary.note(pay, "payment.made", "branch" if method == "Mailed check" else "portal", by, attempt)
    if pay > due:
        diary.count("late_payments", pay)
    return MadeBill(reference, issued, due, amount, CURRENCY, "paid", pay, lines)


def _owing(due: date, account: Account) -> str:
    return "overdue" if due < account.today else "open"


def _unpaid(bill: MadeBill, account: Account, diary: "Diary") -> MadeBill:
    """The bill as if it had never been paid, its payment taken out of the diary."""
    kept = [e for e in diary.events if not (e.kind == "payment.made" and e.data["bill"] == bill.reference)]
    diary.events[:] = kept
    if bill.paid_on and bill.paid_on > bill.due_on:
        diary.counts["late_payments"][bill.paid_on] -= 1
        if not diary.counts["late_payments"][bill.paid_on]:
            del diary.counts["late_payments"][bill.paid_on]
    return MadeBill(
        bill.reference,
        bill.issued_on,
        bill.due_on,
        bill.amount_minor,
        bill.currency,
        _owing(bill.due_on, account),
        None,
        bill.lines,
    )
