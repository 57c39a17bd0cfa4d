"""Calls, visits, faults and complaints: why people get in touch, how often, and what was said."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from backend.packs.telecom.rows import Row

if TYPE_CHECKING:
    from backend.packs.telecom.history import Diary

_AGENTS = ("Maya", "Tom", "Priya", "Luis", "Hannah", "Andre", "Grace", "Noor")

# Reason → what the agent wrote down afterwards.
CALLS = {
    "bill": (
        "Asked what one line on the bill was for. Went through it together.",
        "Asked for a later due date. Moved it by five days this once.",
        "Wanted a copy of last month's bill. Sent it by e-mail.",
        "Asked whether the last payment had arrived. It had.",
    ),
    "plan": (
        "Asked what a longer contract would cost. Gave the prices.",
        "Asked which add-ons were on the account. Read them out.",
        "Wanted to know whether a faster line reaches the address. It does.",
    ),
    "line": (
        "Crackle on the phone line. Tested it; the line is fine now.",
        "Couldn't reach a number abroad. Opened the line for calls abroad.",
        "Asked how to set up voicemail. Set it up together.",
    ),
    "internet": (
        "Internet slow in the evenings. Restarted the router together; better.",
        "No internet after a storm. Back within the hour.",
        "Wi-Fi weak upstairs. Changed the channel and moved the router.",
        "Couldn't connect a new television. Connected it together.",
    ),
    "start": (
        "First days: asked when the first bill comes. Explained it.",
        "Needed help with setting up. Done in one call.",
    ),
    "leave": (
        "Asked how much notice is needed to leave. Said what applies.",
        "Compared our price with another company's. Undecided.",
        "Said that it costs too much for what it does.",
    ),
}
VISITS = {
    "bills": "Looked at the latest bill.",
    "plan": "Looked at contracts and prices.",
    "services": "Looked at the services on the account.",
    "help": "Read a help page.",
    "leave": "Read how to close the account.",
    "details": "Checked name, address and phone number.",
}
_BAD = {
    "outage": ("Internet down for nine hours", "case"),
    "slow_internet": ("Internet slow every evening for two weeks", "case"),
    "missed_visit": ("The technician did not come, and nobody called", "case"),
    "billing_error": ("Charged twice for one month", "bill"),
    "long_wait": ("Waited forty minutes on the phone", "call"),
    "poor_line": ("Calls keep dropping", "case"),
}


def everyday(row: Row, since: date, left_on: date | None, diary: "Diary") -> None:
    """Ordinary contacts over the whole history, month by month; more of them just before a customer leaves."""
    rng = diary.rng
    online = row["internet_service"] != "No"
    restless = row["contract"] == "Month-to-month"
    calls = (
        0.05
        + 0.08 * (row["internet_service"] == "Fiber optic")
        + 0.04 * (row["tech_support"] == "No")
        + 0.02 * restless
    )
    visits = (0.55 if row["paperless_billing"] else 0.15) + 0.1 * online
    faults = 0.0 if not online else 0.05 if row["internet_service"] == "Fiber optic" else 0.02
    if row["tech_support"] == "Yes":
        faults /= 2
    complaints = 0.006 + 0.008 * (row["internet_service"] == "Fiber optic")

    start = diary.first
    while start <= diary.end:
        stop = min(start + timedelta(days=30), diary.end + timedelta(days=1))
        span = (stop - start).days
        share = span / 30
        young = start < since + timedelta(days=90)
        leaving = left_on is not None and start > left_on - timedelta(days=75)
        for _ in range(_times(calls * share * (1 + 2 * young + 2.5 * leaving), rng)):
            _call(row, _day(start, span, rng), diary, young=young, leaving=leaving)
        for _ in range(_times(visits * share * (1 + young + leaving), rng)):
            _visit(_day(start, span, rng), diary, restless=restless, leaving=leaving)
        if rng.random() < faults * share:
            _fault(row, _day(start, span, rng), diary)
        if rng.random() < complaints * share * (1 + 2 * leaving):
            _complaint(_day(start, span, rng), diary)
        start = stop


_STAGE_OF_CALL = {
    "bill": "pay", "plan": "selection", "line": "support", "internet": "support", "start": "purchase", "leave": "leave",
}  # fmt: skip
_STAGE_OF_PAGE = {
    "bills": "pay", "services": "use", "help": "support", "details": "use", "plan": "selection", "leave": "leave",
}  # fmt: skip


def bad_experience(row: Row, since: date, left_on: date | None, diary: "Diary", complain: bool) -> dict[str, Any]:
    """The latest thing that went wrong and that nobody has made good; with `complain`, a complaint about it is open.

    Returns it in the profile's shape: kind, on (ISO day) and what happened.
    """
    rng = diary.rng
    kinds = ["billing_error", "long_wait", "poor_line"] if row["phone_service"] else ["billing_error", "long_wait"]
    if row["internet_service"] != "No":
        kinds += ["slow_internet", "missed_visit"] + ["outage"] * (2 if row["internet_service"] == "Fiber optic" else 1)
    if int(row["tenure"] or 0) < 2:
        kinds.remove("billing_error")  # nobody is charged twice before the second bill
    kind = rng.choice(kinds)
    what, way = _BAD[kind]
    day = max(diary.first + timedelta(days=1), diary.end - timedelta(days=rng.randint(1, 40)))
    day = min(day, diary.end)
    contact, start = diary.contact(), rng.randint(540, 1100)
    agent = ("staff", rng.choice(_AGENTS))
    if kind == "long_wait":
        talk = {"reason": "bill", "summary": "Waited forty minutes before anyone answered.", "minutes": 6, "waited": 40}
    else:
        talk = {
            "reason": {"billing_error": "bill", "poor_line": "line"}.get(kind, "internet"),
            "summary": f"{what}.",
            "minutes": rng.randint(6, 18),
        }
    diary.note(
        day, "call", "phone", agent, talk, lasting=talk["minutes"], contact=contact, minute=start, stage="support"
    )
    diary.count("calls", day)
    diary.latest("last_contact", day)
    after = start + 2  # written down during the call
    if way == "case":
        data = {"case": f"K{day:%y%m%d}", "subject": what}
        diary.note(day, "case.opened", "phone", agent, data, contact=contact, minute=after)
        diary.values["open_cases"] += 1
        if kind != "poor_line":
            diary.count("faults", day)
    if complain:
        data = {"complaint": f"P{day:%y%m%d}", "subject": what}
        diary.note(day, "complaint.opened", "phone", agent, data, contact=contact, minute=after + 1)
        diary.count("complaints", day)
        diary.values["open_complaints"] += 1
    return {"kind": kind, "on": day.isoformat(), "what": what, "resolved": False}


def _call(row: Row, day: date, diary: "Diary", *, young: bool, leaving: bool) -> None:
    rng = diary.rng
    reasons = ["bill", "bill", "plan"] + ["line"] * bool(row["phone_service"])
    if row["internet_service"] != "No":
        reasons += ["internet"] * (3 if row["internet_service"] == "Fiber optic" else 2)
    if young:
        reasons += ["start"] * 4
    if leaving:
        reasons += ["leave"] * 4
    reason = rng.choice(reasons)
    minutes = max(2, round(rng.lognormvariate(1.8, 0.5)))
    data = {"reason": reason, "summary": rng.choice(CALLS[reason]), "minutes": minutes}
    agent, contact = ("staff", rng.choice(_AGENTS)), diary.contact()
    diary.note(day, "call", "phone", agent, data, lasting=minutes, contact=contact, stage=_STAGE_OF_CALL[reason])
    diary.count("calls", day)
    if reason == "leave":
        diary.count("leave_signals", day)
    diary.latest("last_contact", day)


def _visit(day: date, diary: "Diary", *, restless: bool, leaving: bool) -> None:
    rng = diary.rng
    page = rng.choice(
        ["bills"] * 6
        + ["services"] * 2
        + ["help"] * 2
        + ["details", "plan"]
        + ["plan"] * restless
        + ["leave"] * 4 * leaving
    )
    data = {"page": page, "summary": VISITS[page]}
    stage = "renew" if page == "plan" and restless else _STAGE_OF_PAGE[page]
    self, contact = ("customer", ""), diary.contact()
    diary.note(day, "visit", "portal", self, data, lasting=rng.randint(1, 9), contact=contact, stage=stage)
    diary.count("visits", day)
    if page == "leave":
        diary.count("leave_signals", day)
    if page == "plan":
        diary.count("plan_visits", day)
    if page == "details":
        diary.latest("details_checked", day)
    diary.latest("last_contact", day)
    diary.latest("last_visit", day)


def _fault(row: Row, day: date, diary: "Diary") -> None:
    rng = diary.rng
    subject = rng.choice(
        ("Internet drops out", "Router replaced", "Slow internet", "No connection after work in the street")
    )
    data = {"case": f"K{day:%y%m%d}", "subject": subject}
    diary.note(day, "case.opened", "phone", ("staff", rng.choice(_AGENTS)), data)
    diary.count("faults", day)
    done = day + timedelta(days=rng.randint(1, 6))
    if diary.has(done):
        outcome = rng.choice(("Fixed from here.", "A technician put it right.", "New router sent and working."))
        diary.note(done, "case.resolved", "phone", ("staff", rng.choice(_AGENTS)), {**data, "outcome": outcome})
    else:
        diary.values["open_cases"] += 1


def _complaint(day: date, diary: "Diary") -> None:
    rng = diary.rng
    subject = rng.choice(
        (
            "Price went up without notice",
            "Passed from one person to the next",
            "A letter went to the old address",
            "Promised call never came",
        )
    )
    data = {"complaint": f"P{day:%y%m%d}", "subject": subject}
    diary.note(day, "complaint.opened", "phone", ("staff", rng.choice(_AGENTS)), data)
    diary.count("complaints", day)
    done = day + timedelta(days=rng.randint(2, 18))
    if diary.has(done):
        outcome = rng.choice(("Apologised and put right.", "Explained, and the customer agreed.", "Charge taken back."))
        diary.note(done, "complaint.resolved", "phone", ("staff", rng.choice(_AGENTS)), {**data, "outcome": outcome})
    else:
        diary.values["open_complaints"] += 1


def _times(mean: float, rng: Any) -> int:
    """A Poisson draw, by Knuth's product method; fine for the small means here."""
    limit, n, product = 2.718281828459045**-mean, 0, rng.random()
    while product > limit:
        n, product = n + 1, product * rng.random()
    return n


def _day(start: date, span: int, rng: Any) -> date:
    return start + timedelta(days=int(rng.random() * span))
