"""What may be put to a customer, and how often: caps, gaps, cool-off by reason, concessions by margin, budgets and their prices."""

from typing import Any

from tests.unit.reference.cases import Case, ago, offer, person, setting
from tests.unit.reference.words import Rule

PRICE = [("price", 800), ("months", 6)]


def capped(of: str, outcome: str, days: int, most: int, name: str = "", **more: Any) -> dict[str, Any]:
    """The catalogue with this one cap and no gap."""
    cap = {"key": "some", "of": of, "name": name, "outcome": outcome, "days": days, "most": most}
    return setting(pack={"cap": [cap], "gap": []}, **more)


def gapped(of: str, days: int, name: str = "", **more: Any) -> dict[str, Any]:
    """The catalogue with this one gap and no cap."""
    return setting(pack={"cap": [], "gap": [{"key": "some", "of": of, "name": name, "days": days}]}, **more)


def told(*days: int, treatment: str = "tip") -> list[dict[str, Any]]:
    """Presented so many days ago, and let go."""
    return [offer(treatment, "expired", day) for day in days]


def declined(treatment: str, days: int, **more: Any) -> dict[str, Any]:
    return offer(treatment, "declined", days, answered_on=ago(days), **more)


def taken(treatment: str, days: int, state: str = "fulfilled", **more: Any) -> dict[str, Any]:
    return offer(treatment, state, days, answered_on=ago(days), **more)


CAPPED = ("contact_policy", "cap:some")
TOO_SOON = ("contact_policy", "gap:some")
COOL = ("contact_policy", "cool_off")
CONCEDED = ("contact_policy", "concession_cap")
_MARGIN = Rule("2.0 * monthly", lambda c: 2 * c["monthly"], "monthly")
_LOSS = Rule("monthly - 100.0", lambda c: c["monthly"] - 100, "monthly")
_UNKNOWN = Rule("100.0 / owed", lambda c: 100 / c["owed"], "owed")
_BY_SMS = Rule('"marketing/sms" in consents', lambda c: "marketing/sms" in c["consents"], "consents")

CASES = [
    Case("three in a week, of whatever kind, are enough", person(), told(0, 3, 6), capped("all", "presented", 7, 3),
         withheld={"autumn": CAPPED, "films": CAPPED, "faster": CAPPED}),
    Case("what was said a week ago is no longer of this week", person(), told(0, 3, 7), capped("all", "presented", 7, 3), order=("faster", "films", "autumn")),
    Case("a cap of none for an issue by name silences it from the first day", person(), [], capped("issue", "presented", 30, 0, "sales"),
         withheld={"films": CAPPED, "faster": CAPPED}, order=("autumn",)),
    Case("a cap of one for an issue by name waits for the first", person(), [], capped("issue", "presented", 30, 1, "sales"), order=("faster", "films")),
    Case("a cap by issue counts each issue by itself", person(), told(2), capped("issue", "presented", 30, 1),
         withheld={"autumn": CAPPED}, order=("faster", "films")),
    Case("a cap by issue: what was said of one issue does not count for another", person(), [offer("films", "expired", 9, terms=PRICE)],
         capped("issue", "presented", 30, 1), withheld={"faster": CAPPED}, order=("autumn",)),
    Case("a cap by group counts each group by itself", person(), told(2, treatment="news"), capped("group", "presented", 30, 1, extras="news music"),
         withheld={"music": CAPPED}, order=("faster", "films", "autumn")),
    Case("a cap on one group by name leaves the others alone", person(), [*told(2), *told(3, treatment="news")],
         capped("group", "presented", 30, 1, "channels", extras="news music"), withheld={"music": CAPPED}, order=("autumn",)),
    Case("a cap by treatment counts each treatment by itself", person(), told(20, 30, treatment="autumn"), capped("treatment", "presented", 60, 2),
         withheld={"autumn": CAPPED}, order=("faster", "films")),
    Case("a cap by treatment is not reached by half", person(), [*told(20, treatment="autumn"), *told(21)], capped("treatment", "presented", 60, 2),
         order=("autumn",)),
    Case("a cap on one treatment by name", person(), [offer("films", "expired", 40, terms=PRICE), offer("faster", "expired", 41)],
         capped("treatment", "presented", 90, 1, "films"), withheld={"films": CAPPED}, order=("faster",)),
    Case("two declined sales in ninety days are enough", person(), [declined("films", 89, terms=PRICE), declined("films", 70, terms=PRICE)],
         capped("issue", "declined", 90, 2, "sales"), withheld={"faster": CAPPED, "films": CAPPED}, order=("autumn",)),
    Case("a sale that was let go was not declined", person(), [declined("films", 89, terms=PRICE), offer("films", "expired", 70, terms=PRICE)],
         capped("issue", "declined", 90, 2, "sales"), order=("faster", "films")),
    Case("a cap on declines counts from the day of the answer", person(), [offer("films", "declined", 45, answered_on=ago(29), terms=PRICE)],
         capped("issue", "declined", 30, 1, "sales"), withheld={"faster": CAPPED}),
    Case("a cap on declines forgets the day that left the window", person(), [offer("films", "declined", 45, answered_on=ago(30), terms=PRICE)],
         capped("issue", "declined", 30, 1, "sales"), order=("faster",)),
    Case("one taken in a fortnight is enough for now, done or not", person(), [taken("tip", 13, "accepted")], capped("all", "accepted", 14, 1),
         withheld={"autumn": CAPPED, "films": CAPPED}),
    Case("one waiting for approval counts as taken too", person(), [taken("tip", 5, "pending_approval")], capped("all", "accepted", 14, 1),
         withheld={"autumn": CAPPED}),
    Case("what was taken a fortnight ago is no hindrance", person(), [taken("tip", 14)], capped("all", "accepted", 14, 1), order=("faster", "films", "autumn")),
    Case("what was taken and given back was not taken", person(), [taken("tip", 3, "undone")], capped("all", "accepted", 14, 1), order=("faster", "autumn")),
    Case("of two caps the first in the pack is named", person(), told(1),
         setting(pack={"cap": [{"key": "second", "of": "all", "outcome": "presented", "days": 9, "most": 1},
                               {"key": "first", "of": "issue", "name": "care", "outcome": "presented", "days": 9, "most": 1}]}),
         withheld={"autumn": ("contact_policy", "cap:second")}),
    Case("of two caps the one that is reached is named", person(), told(1),
         setting(pack={"cap": [{"key": "second", "of": "all", "outcome": "presented", "days": 9, "most": 2},
                               {"key": "first", "of": "issue", "name": "care", "outcome": "presented", "days": 9, "most": 1}]}),
         withheld={"autumn": ("contact_policy", "cap:first")}),
    Case("a cap is named before a gap", person(), [offer("films", "expired", 1, terms=PRICE)],
         setting(pack={"cap": [{"key": "one", "of": "issue", "outcome": "presented", "days": 9, "most": 1}]}),
         withheld={"faster": ("contact_policy", "cap:one")}),
    Case("an answer to itself is named before a cap", person(), [declined("autumn", 1)], capped("all", "presented", 9, 1),
         withheld={"autumn": COOL, "films": CAPPED}),
    Case("what was a sale when it was made counts as one for ever", person(), told(3),
         capped("issue", "presented", 30, 1, "sales", version=2, older={1: setting(tip={"issue": "sales"})["catalogue"]}), withheld={"faster": CAPPED}),
    Case("what was none when it was made does not become one", person(), [offer("films", "expired", 3, terms=PRICE)],
         capped("issue", "presented", 30, 1, "sales", version=2, older={1: setting(films={"issue": "care"})["catalogue"]}), order=("faster", "films")),
    Case("a live offer is not capped", person(), [offer("films", "presented", 2, terms=PRICE)], capped("all", "presented", 30, 1),
         order=("films",), withheld={"faster": CAPPED}),
    Case("two days after anything: nothing new", person(), told(2), gapped("all", 3), withheld={"autumn": TOO_SOON, "films": TOO_SOON}),
    Case("three days after anything", person(), told(3), gapped("all", 3), order=("faster", "films", "autumn")),
    Case("the gap counts from the last of them", person(), told(1, 30), gapped("all", 3), withheld={"autumn": TOO_SOON}),
    Case("a gap by treatment keeps only the same one away", person(), told(9, treatment="autumn"), gapped("treatment", 10),
         withheld={"autumn": TOO_SOON}, order=("faster", "films")),
    Case("a gap by treatment ends on its day", person(), told(10, treatment="autumn"), gapped("treatment", 10), order=("autumn",)),
    Case("a gap on one group by name", person(), told(1, treatment="news"), gapped("group", 5, "channels", extras="news music"),
         withheld={"music": TOO_SOON}, order=("autumn",)),
    Case("a gap by issue says nothing of an issue that was not met", person(), told(1), gapped("issue", 5), withheld={"autumn": TOO_SOON}, order=("faster",)),
    Case("never again means two years", person(), [declined("autumn", 729, reason="never")], setting(), withheld={"autumn": COOL}),
    Case("never again is over after two years", person(), [declined("autumn", 730, reason="never")], setting(), order=("autumn",)),
    Case("a reason shorter than the treatment's own time takes nothing off it", person(), [declined("autumn", 59, reason="not_now")], setting(),
         withheld={"autumn": COOL}),
    Case("a reason counts where the treatment has no time of its own", person(), [declined("autumn", 29, reason="not_now")],
         setting(autumn={"cool_off_days": 0}), withheld={"autumn": COOL}),
    Case("after thirty days not now is over", person(), [declined("autumn", 30, reason="not_now")], setting(autumn={"cool_off_days": 0}), order=("autumn",)),
    Case("a reason in one's own words lasts as long as any decline", person(), [declined("autumn", 60, reason="My dog ate it")], setting(), order=("autumn",)),
    Case("a reason that the pack dropped adds nothing", person(), [declined("autumn", 60, reason="never")], setting(pack={"decline_reason": []}),
         order=("autumn",)),
    Case("what was taken back is left alone like a decline", person(), [taken("autumn", 59, "undone")], setting(), withheld={"autumn": COOL}),
    Case("what was taken back sixty days ago may be offered again", person(), [taken("autumn", 60, "undone")], setting(), order=("autumn",)),
    Case("a share of the margin is the most that is conceded", person(calls=6, monthly=66.7), [],
         setting(policies={"margin": _MARGIN, "concession_share": 0.15}), order=("goodwill",), terms={"goodwill": {"credit": 2001}}),
    Case("a cent above the share of the margin is too much", person(calls=6, monthly=66.7), [],
         setting(policies={"margin": _MARGIN, "concession_share": 0.1499}), withheld={"goodwill": CONCEDED}),
    Case("the share of the margin counts what was given before", person(calls=6, monthly=66.7),
         [taken("loyalty", 200, concession=0.01, terms=[("discount", 5.0), ("months", 12)])],
         setting(policies={"margin": _MARGIN, "concession_share": 0.15}), withheld={"goodwill": CONCEDED}),
    Case("a great margin does not lift the cap in money", person(calls=6, monthly=66.7), [],
         setting(policies={"margin": _MARGIN, "concession_share": 1.0, "concession_cap": 20}), withheld={"goodwill": CONCEDED}),
    Case("from one who costs more than they pay nothing is conceded", person(calls=6, monthly=66.7), [], setting(policies={"margin": _LOSS}),
         withheld={"goodwill": CONCEDED}, order=("technician", "autumn")),
    Case("a share without a margin limits nothing", person(calls=6, monthly=66.7), [], setting(policies={"concession_share": 0.0}), order=("goodwill",)),
    Case("a margin that nobody can work out withholds what concedes, and no more", person(calls=6), [], setting(policies={"margin": _UNKNOWN}),
         withheld={"goodwill": ("contact_policy", "terms")}, order=("technician", "autumn")),
    Case("a margin is not asked for by what concedes nothing today", person(calls=6, monthly=0.0), [],
         setting(policies={"margin": _UNKNOWN}, goodwill={"value": {"equity": 90.0, "experience": 9.0}}), order=("goodwill",), terms={"goodwill": {"credit": 0}}),
    Case("terms altered: what was replaced costs no attention beside what replaced it", person(),
         [offer("tip", "superseded", 3), offer("tip", "presented", 3)], setting(), figures={"autumn": {"attention": 0.15}}),
    Case("terms altered twice: one sale in a month, not three", person(),
         [offer("films", "superseded", 9, terms=PRICE), offer("films", "superseded", 9, terms=PRICE), offer("films", "expired", 9, terms=PRICE)],
         setting(), order=("faster",)),
    Case("no visits left: no visit", person(), [], setting(extras="visit", exhausted="visits"), withheld={"visit": ("budget", "budget:visits")}),
    Case("another budget is empty: the visit stands", person(), [], setting(extras="visit", exhausted="goodwill"), order=("visit",)),
    Case("two budgets empty: the first that it uses is named", person(), [], setting(extras="refund", exhausted="goodwill visits"),
         withheld={"refund": ("budget", "budget:visits")}),
    Case("the second of its budgets empty", person(), [], setting(extras="refund", exhausted="goodwill"), withheld={"refund": ("budget", "budget:goodwill")}),
    Case("nothing empty: both budgets are used", person(), [], setting(extras="refund"), order=("refund",), terms={"refund": {"refund": 1750}}),
    Case("a live offer is not withheld by an empty budget", person(), [offer("visit", "presented", 3)], setting(extras="visit", exhausted="visits"),
         order=("visit",)),
    Case("the contact policy is named before an empty budget", person(), [declined("visit", 3)], setting(extras="visit", exhausted="visits"),
         withheld={"visit": COOL}),
    Case("an empty budget is named before silence", person(), [], setting(extras="visit", exhausted="visits", levers={"visit": 0.0}),
         withheld={"visit": ("budget", "budget:visits")}),
    Case("the bid price of a place", person(), [], setting(extras="visit", prices={"visits": 0.25}), figures={"visit": {"price": 0.25}, "autumn": {"price": 0.0}}),
    Case("two budgets: bid prices by the amounts used", person(), [], setting(extras="refund", prices={"visits": 1.5, "goodwill": 0.02}),
         figures={"refund": {"price": 2 * 1.5 + 17.5 * 0.02}}),
    Case("an amount that is one of its terms is used as it stands in them", person(), [],
         setting(extras="refund", refund={"use": [{"budget": "goodwill", "term": "refund"}]}, prices={"goodwill": 0.02}), figures={"refund": {"price": 17.5 * 0.02}}),
    Case("a live offer uses what its frozen terms say", person(), [offer("refund", "presented", 3, concession=10.0, terms=[("refund", 1000)])],
         setting(extras="refund", refund={"use": [{"budget": "goodwill", "term": "refund"}]}, prices={"goodwill": 0.02}), figures={"refund": {"price": 10.0 * 0.02}}),
    Case("one budget used twice is paid for twice", person(), [],
         setting(extras="visit", visit={"use": [{"budget": "visits"}, {"budget": "visits", "amount": 2}]}, prices={"visits": 0.1}),
         figures={"visit": {"price": 3 * 0.1}}),
    Case("an amount that nobody can work out withholds it, whatever the price", person(), [],
         setting(extras="visit", visit={"use": [{"budget": "visits", "amount": _UNKNOWN}]}), withheld={"visit": ("arbitration", "value")}),
    Case("an amount below nothing is nothing", person(), [], setting(extras="visit", visit={"use": [{"budget": "visits", "amount": _LOSS}]}, prices={"visits": 5.0}),
         figures={"visit": {"price": 0.0}}),
    Case("a bid price that nothing of this treatment uses", person(), [], setting(extras="visit", prices={"goodwill": 9.0}), figures={"visit": {"price": 0.0}}),
    Case("a bid price above the worth: silence", person(), [], setting(extras="visit", prices={"visits": 500.0}),
         withheld={"visit": ("arbitration", "silence")}),
    Case("a live offer is ranked with its bid price, and is not silenced by it", person(), [offer("visit", "presented", 3)],
         setting(extras="visit", prices={"visits": 500.0}), order=("autumn", "visit"), figures={"visit": {"price": 500.0}}),
    Case("a rule reads which consents are given", person(), [], setting(autumn={"rules": {"eligible": _BY_SMS}}), order=("autumn",)),
    Case("a consent denied is not among those given", person(consents={"marketing/sms": "denied", "marketing/phone": "granted"}), [],
         setting(autumn={"rules": {"eligible": _BY_SMS}}), withheld={"autumn": ("eligible", '"marketing/sms" in consents')}),
]  # fmt: skip
