"""Treatments and one another: what excludes, requires, follows and holds others; one offer for each line; segments' own weights."""

from typing import Any

from tests.unit.reference.cases import Case, ago, line, moment, offer, person, setting
from tests.unit.reference.cases_limits import PRICE, declined, taken
from tests.unit.reference.words import ALWAYS, Rule

_NO = Rule("tenure < 0", lambda c: c["tenure"] < 0, "tenure")
_FREE: dict[str, Any] = {"pack": {"cap": [], "gap": []}}
"""Nothing limits how often: what is shown is only what treatments are to one another."""
SHUT: dict[str, Any] = _FREE | {"policies": {"exclusive_groups": ["channels"]}}
FOLLOWS = ("applicable", "follows:technician")
_TECH = [("wait", 3), ("hours", "mornings")]


def visited(days: int, state: str = "fulfilled") -> dict[str, Any]:
    return taken("technician", days, state, terms=_TECH)


def lines(**speeds: int) -> dict[str, Any]:
    """A customer with these lines, by their speed."""
    return person(holdings=[line(name, speed=speed, price=40.0) for name, speed in speeds.items()])


EXCLUSION = [
    Case("of two that exclude each other the one ranked higher is shown", person(), [], setting(extras="sport"), order=("films",),
         withheld={"sport": ("arbitration", "excludes:films")}),
    Case("it does not matter which of the two names the other", person(), [], setting(extras="sport", levers={"sport": 3.0}), order=("sport",),
         withheld={"films": ("arbitration", "excludes:sport")}),
    Case("two that exclude each other and are both live stay both", person(),
         [offer("films", "presented", 2, terms=PRICE), offer("sport", "presented", 1)], setting(extras="sport"), order=("films", "sport")),
    Case("what is live keeps away what excludes it, though that is worth more", person(), [offer("sport", "presented", 9)], setting(extras="sport"),
         order=("sport",), withheld={"films": ("arbitration", "excludes:sport")}),
    Case("what has left the funnel excludes nothing", person(), [], setting(extras="sport", films={"rules": {"suitable": _NO}}), order=("sport",),
         withheld={"films": ("suitable", "tenure < 0")}),
    Case("a hidden live offer excludes nothing", person(), [offer("films", "presented", 9, terms=PRICE)],
         setting(extras="sport", films={"rules": {"suitable": _NO}}), order=("sport",), withheld={"films": ("suitable", "tenure < 0")}),
    Case("what is excluded itself excludes nothing", person(), [], setting(extras="sport music", **SHUT),
         order=("films", "music"), withheld={"sport": ("arbitration", "excludes:films")}),
    Case("of an exclusive group one is shown", person(consents={"marketing/portal": "granted"}), [],
         setting(extras="sport music news", films=None, **SHUT), order=("sport",),
         withheld={"music": ("arbitration", "excludes:sport"), "news": ("arbitration", "excludes:sport")}),
    Case("a group that is not exclusive shows them all", person(), [], setting(extras="sport music news", films=None, **_FREE),
         order=("sport", "music", "news")),
    Case("of several that stand against it the first by name is named", person(), [], setting(extras="sport music", **SHUT, levers={"music": 9.0}),
         order=("music", "films"), withheld={"sport": ("arbitration", "excludes:films")}),
    Case("what waits behind the remedy is excluded by it", person(calls=4, moment=moment("use", "fault")), [],
         setting(technician={"excludes": ["films"]}, films={"value": {"equity": 600.0}}), order=("technician",),
         withheld={"films": ("arbitration", "excludes:technician")}),
    Case("without the moment the remedy is the one excluded", person(calls=4), [],
         setting(technician={"excludes": ["films"]}, films={"value": {"equity": 600.0}}), order=("films",),
         withheld={"technician": ("arbitration", "excludes:films")}),
    Case("what excludes a treatment that the catalogue does not know excludes nothing", person(), [offer("films", "presented", 9, terms=PRICE)],
         setting(2, {1: setting()["catalogue"]}, extras="sport", films=None), order=("films", "sport")),
    Case("beside what was taken its opposite is not offered", person(), [taken("films", 364, terms=PRICE)], setting(extras="sport", **_FREE),
         withheld={"sport": ("contact_policy", "beside:films"), "films": ("contact_policy", "repeat")}),
    Case("a year after it was taken its opposite may be offered", person(), [taken("films", 365, terms=PRICE)],
         setting(extras="sport", levers={"sport": 3.0}, **_FREE), order=("sport",)),
    Case("beside what was declined its opposite may be offered", person(), [declined("films", 9, terms=PRICE)], setting(extras="sport", **_FREE), order=("sport",),
         withheld={"films": ("contact_policy", "cool_off")}),
    Case("what was taken keeps its opposite away as long as its own version said", person(), [taken("films", 40, terms=PRICE)],
         setting(2, {1: setting(films={"repeat_days": 40})["catalogue"]}, extras="sport", **_FREE), order=("sport",)),
    Case("and not a day less", person(), [taken("films", 39, terms=PRICE)],
         setting(2, {1: setting(films={"repeat_days": 40})["catalogue"]}, extras="sport", films={"repeat_days": 1}, **_FREE),
         withheld={"sport": ("contact_policy", "beside:films")}),
    Case("beside one taken of an exclusive group none of the others is offered", person(), [taken("news", 89)], setting(extras="sport music news", films=None, **SHUT),
         withheld={"sport": ("contact_policy", "beside:news"), "music": ("contact_policy", "beside:news")}),
    Case("the first that was taken is named", person(), [taken("sport", 20), taken("films", 30, terms=PRICE)],
         setting(extras="sport duo", sport={"excludes": ["duo"]}, **_FREE), withheld={"duo": ("contact_policy", "beside:films")}),
    Case("what stands beside is named before a cap", person(), [taken("films", 3, terms=PRICE)], setting(extras="sport"),
         withheld={"sport": ("contact_policy", "beside:films"), "faster": ("contact_policy", "gap:sales")}),
]  # fmt: skip

BEFORE = [
    Case("what requires another waits for it", person(), [], setting(extras="upgrade"), withheld={"upgrade": ("eligible", "requires:films")}),
    Case("what was taken once is had for ever", person(), [taken("films", 900, terms=PRICE)], setting(extras="upgrade"), order=("upgrade",)),
    Case("what was declined is not had", person(), [declined("films", 9, terms=PRICE)], setting(extras="upgrade"), withheld={"upgrade": ("eligible", "requires:films")}),
    Case("what was given back is not had", person(), [taken("films", 9, "undone", terms=PRICE)], setting(extras="upgrade"),
         withheld={"upgrade": ("eligible", "requires:films")}),
    Case("of two that are required the first that is missing is named", person(), [taken("films", 9, terms=PRICE)],
         setting(extras="upgrade", upgrade={"requires": ["films", "tip", "autumn"]}), withheld={"upgrade": ("eligible", "requires:tip")}),
    Case("what is missing is named before the rule", person(), [], setting(extras="upgrade", upgrade={"rules": {"eligible": _NO}}),
         withheld={"upgrade": ("eligible", "requires:films")}),
    Case("with all that is required the rule speaks", person(), [taken("films", 9, terms=PRICE)], setting(extras="upgrade", upgrade={"rules": {"eligible": _NO}}),
         withheld={"upgrade": ("eligible", "tenure < 0")}),
    Case("a live offer stands though what it requires was never had", person(), [offer("upgrade", "presented", 3)], setting(extras="upgrade"), order=("upgrade",)),
    Case("what was taken in a bundle is had", person(), [taken("duo", 900, terms=[("price", 1100)])], setting(extras="upgrade duo"), order=("upgrade",)),
    Case("a bundle without it is no help", person(), [taken("duo", 900, terms=[("price", 1100)])], setting(extras="upgrade duo", upgrade={"requires": ["tip"]}),
         withheld={"upgrade": ("eligible", "requires:tip")}),
    Case("what follows a part follows the bundle", person(), [taken("duo", 5, terms=[("price", 1100)])],
         setting(extras="checkup duo", checkup={"follows": {"after": "films", "from_days": 3, "within_days": 10}}), order=("checkup",)),
    Case("it follows the bundle, which was later than the part", person(), [taken("films", 400, terms=PRICE), taken("duo", 5, "accepted", terms=[("price", 1100)])],
         setting(extras="checkup duo", checkup={"follows": {"after": "films", "from_days": 3, "within_days": 10}}), withheld={"checkup": ("applicable", "follows:films")}),
    Case("nobody came yet: no check-up", person(), [], setting(extras="checkup"), withheld={"checkup": FOLLOWS}),
    Case("two days after the technician: too early", person(), [visited(2)], setting(extras="checkup"), withheld={"checkup": FOLLOWS}),
    Case("three days after the technician: a check-up", person(), [visited(3)], setting(extras="checkup"), order=("checkup",)),
    Case("ten days after the technician: still", person(), [visited(10)], setting(extras="checkup"), order=("checkup",)),
    Case("eleven days after the technician: too late", person(), [visited(11)], setting(extras="checkup"), withheld={"checkup": FOLLOWS}),
    Case("accepted, but nobody came yet", person(), [visited(5, "accepted")], setting(extras="checkup"), withheld={"checkup": FOLLOWS}),
    Case("it follows the last time, and that one is not done", person(), [visited(6), visited(4, "accepted")], setting(extras="checkup"),
         withheld={"checkup": FOLLOWS}),
    Case("it follows the last time, not the first", person(), [visited(400), visited(4)], setting(extras="checkup"), order=("checkup",)),
    Case("without words on time it follows at once", person(), [visited(0)], setting(extras="checkup", checkup={"follows": {"after": "technician", "from_days": 0, "within_days": 90}}),
         order=("checkup",)),
    Case("what must come before is named before what is relevant now", person(), [], setting(extras="checkup", checkup={"rules": {"eligible": _NO}}),
         withheld={"checkup": FOLLOWS}),
    Case("a live offer stands though its time to follow is over", person(), [visited(12), offer("checkup", "presented", 2)], setting(extras="checkup"), order=("checkup",)),
]  # fmt: skip

DUO = "duo"
BUNDLES = [
    Case("a bundle stands for its parts", person(), [], setting(extras=DUO), order=("duo",), terms={"duo": {"price": 1100}},
         withheld={"films": ("arbitration", "excludes:duo"), "faster": ("arbitration", "excludes:duo")}),
    Case("a part ranked higher keeps the bundle away, not the other part", person(), [], setting(extras=DUO, levers={"films": 30.0}), order=("films", "faster"),
         withheld={"duo": ("arbitration", "excludes:films")}),
    Case("one part is not for them: no bundle", person(fibre=False), [], setting(extras=DUO), withheld={"duo": ("eligible", "fibre")}, order=("films",)),
    Case("the bundle's own rule is named before its parts'", person(fibre=False), [], setting(extras=DUO, duo={"rules": {"eligible": _NO}}),
         withheld={"duo": ("eligible", "tenure < 0")}),
    Case("of two parts that are not for them the first is named", person(fibre=False), [],
         setting(extras=DUO, duo={"bundle": ["films", "faster"]}, films={"rules": {"eligible": _NO}}), withheld={"duo": ("eligible", "tenure < 0")}),
    Case("whether a part is relevant now is not asked", person(moment=moment("leave")), [], setting(extras=DUO), order=("duo",),
         withheld={"faster": ("applicable", 'stage != "leave"')}),
    Case("one part does not suit them: no bundle", person(owed=5.0), [], setting(extras=DUO), withheld={"duo": ("suitable", "owed == 0.0")}),
    Case("whether it is relevant now is named before whether its parts suit", person(owed=5.0), [], setting(extras=DUO, duo={"rules": {"applicable": _NO}}),
         withheld={"duo": ("applicable", "tenure < 0")}),
    Case("what protects from a part protects from the bundle", person(open_complaints=1), [], setting(extras=DUO, duo={"issue": "care"}),
         withheld={"duo": ("suitable", "protective:open_complaint")}),
    Case("without a complaint the same bundle of care stands", person(), [], setting(extras=DUO, duo={"issue": "care"}), order=("duo",)),
    Case("consent to a part is needed for the bundle", person(consents={}), [], setting(extras=DUO, duo={"purpose": "service"}),
         withheld={"duo": ("consent", "purpose:marketing")}),
    Case("a bundle of what needs no consent needs none", person(consents={}), [], setting(extras=DUO, duo={"purpose": "service", "bundle": ["tip", "autumn"]}), order=("duo",)),
    Case("a part was taken: no bundle beside it", person(), [taken("films", 20, terms=PRICE)], setting(extras=DUO, **_FREE),
         withheld={"duo": ("contact_policy", "beside:films"), "films": ("contact_policy", "repeat")}, order=("faster",)),
    Case("the bundle was taken: no part beside it", person(), [taken("duo", 20, terms=[("price", 1100)])], setting(extras=DUO, **_FREE),
         withheld={"films": ("contact_policy", "beside:duo"), "faster": ("contact_policy", "beside:duo")}),
    Case("a live bundle is hidden when a part does not suit any more", person(owed=5.0), [offer("duo", "presented", 9, terms=[("price", 1100)])],
         setting(extras=DUO), withheld={"duo": ("suitable", "owed == 0.0")}, order=("films",)),
    Case("a live bundle stands though a part is not for them any more", person(fibre=False), [offer("duo", "presented", 9, terms=[("price", 1100)])],
         setting(extras=DUO), order=("duo",), withheld={"films": ("arbitration", "excludes:duo")}),
]  # fmt: skip

_SIMPLE = setting(
    extras="speed", speed={"rules": dict.fromkeys(("eligible", "suitable"), ALWAYS), "value": {"equity": 9.0, "experience": 9.0}, "term": []},
)["catalogue"]  # fmt: skip
LINES = [
    Case("one offer for each line that it is for", lines(a=10, b=90, c=100), [], setting(extras="speed"), order=("speed@a", "speed@b"),
         withheld={"speed@c": ("eligible", "line_speed < 100")}, terms={"speed@a": {"price": 4200}}),
    Case("lines alike stand by their name", lines(b=10, a=10), [], setting(extras="speed"), order=("speed@a", "speed@b")),
    Case("without a line there is nothing to speed up", person(), [], setting(extras="speed"), withheld={"speed": ("eligible", "subject:line")}),
    Case("a line is not a telephone", lines(a=10), [], setting(extras="speed insure"), order=("speed@a",), withheld={"insure": ("eligible", "subject:phone")}),
    Case("a telephone is not a line", person(holdings=[{"holding_id": "p", "kind": "phone", "attributes": {}}]), [], setting(extras="speed insure"),
         order=("insure@p",), withheld={"speed": ("eligible", "subject:line")}),
    Case("what nobody knows of a line has its default", person(holdings=[line("a")]), [], setting(extras="speed"), order=("speed@a",),
         terms={"speed@a": {"price": 200}}, figures={"speed@a": {"value": 0.5 * (3.0 - 0) + 0.5 * 5.0}}),
    Case("what suits depends on the line", person(fibre=False, holdings=[line("a", kind="mobile"), line("b")]), [], setting(extras="speed"), order=("speed@b",),
         withheld={"speed@a": ("suitable", 'fibre || line_kind == "home"')}),
    Case("taken for one line, it is still there for the other", lines(a=10, b=10), [taken("speed", 9, subject="a", terms=[("price", 4200)])], setting(extras="speed"),
         order=("speed@b",), withheld={"speed@a": ("contact_policy", "repeat")}),
    Case("live for one line, a candidate for the other", lines(a=90, b=10), [offer("speed", "presented", 9, subject="a", first=True, terms=[("price", 4200)])],
         setting(extras="speed"), first="speed@a", order=("speed@a", "speed@b")),
    Case("a live offer of an older version for a line takes nothing from the rules of the new one", lines(a=10),
         [offer("speed", "presented", 9, subject="a", terms=[])],
         setting(2, {1: _SIMPLE}, extras="speed", levers={"boost": 9.0}, tip={"key": "boost", "subject": "line", "rules": {"eligible": Rule("line_price > 30.0 && tenure > 3 && weekday == 7",
                 lambda c: c["line_price"] > 30 and c["tenure"] > 3 and c["weekday"] == 7, "line_price tenure weekday")}, "value": {"equity": 90.0}}),
         order=("boost@a", "speed@a")),
    Case("it follows what was taken last, though that was put to them first", lines(a=10, b=10),
         [offer("speed", "fulfilled", 9, subject="a", answered_on=ago(2), terms=[("price", 4200)]), offer("speed", "accepted", 5, subject="b", answered_on=ago(5), terms=[("price", 4200)])],
         setting(extras="speed checkup", checkup={"follows": {"after": "speed", "from_days": 0}}), order=("checkup",)),
    Case("what was taken for any line is had", lines(a=10, b=10), [taken("speed", 9, subject="b", terms=[("price", 4200)])],
         setting(extras="speed upgrade", upgrade={"requires": ["speed"]}), order=("upgrade",)),
    Case("a cap on a treatment counts all lines", lines(a=10, b=10), [offer("speed", "expired", 9, subject="b", terms=[("price", 4200)])],
         setting(extras="speed", pack={"cap": [{"key": "one", "of": "treatment", "outcome": "presented", "days": 30, "most": 1}]}),
         withheld={"speed@a": ("contact_policy", "cap:one"), "speed@b": ("contact_policy", "cap:one")}),
    Case("what excludes it for the customer excludes it for each line", lines(a=10, b=10), [],
         setting(extras="speed", autumn={"excludes": ["speed"]}, levers={"autumn": 9.0}), order=("autumn",),
         withheld={"speed@a": ("arbitration", "excludes:autumn"), "speed@b": ("arbitration", "excludes:autumn")}),
    Case("one line is enough to keep away what excludes it for the customer", lines(a=10, b=100), [],
         setting(extras="speed", autumn={"excludes": ["speed"]}, levers={"speed": 9.0}), order=("speed@a",), withheld={"autumn": ("arbitration", "excludes:speed")}),
    Case("what excludes it for one line leaves it to the other", lines(a=10, b=10), [taken("boost", 9, subject="a")],
         setting(extras="speed", tip={"key": "boost", "subject": "line", "excludes": ["speed"]}), order=("speed@b",),
         withheld={"speed@a": ("contact_policy", "beside:boost")}),
    Case("two lines of one exclusive group do not exclude each other", lines(a=10, b=10), [], setting(extras="speed", policies={"exclusive_groups": ["service"]}, technician=None,
         twin_a=None, twin_b=None, explain_bill=None), order=("speed@a", "speed@b")),
]  # fmt: skip

_INFORM = {"inform": 1.0, "expand": 0.0}
SEGMENTS = [
    Case("weights of the stage: a settled customer is sold to", person(calls=1, tenure=61), [], setting(), order=("faster", "autumn")),
    Case("weights of the stage in the segment's own version: the same is informed first", person(calls=1, tenure=61), [],
         setting(segments={"loyal": {"stage_weights": {"use": _INFORM}}}), order=("autumn", "faster")),
    Case("the version of a segment that they are not in changes nothing", person(calls=1, tenure=59), [],
         setting(segments={"loyal": {"stage_weights": {"use": _INFORM}}}), order=("faster", "autumn")),
    Case("the segment's version of another stage changes nothing", person(calls=1, tenure=61), [],
         setting(segments={"loyal": {"stage_weights": {"pay": _INFORM}}}), order=("faster", "autumn")),
    Case("of two segments with an objective the first in the pack counts", person(calls=1, tenure=61, monthly=85.0), [],
         setting(segments={"gold": {"stage_weights": {"use": {"inform": 0.0, "expand": 1.0}}}, "loyal": {"stage_weights": {"use": _INFORM}}}),
         order=("autumn", "films")),
    Case("what the first segment does not name the second may", person(calls=1, tenure=61, monthly=85.0), [],
         setting(segments={"gold": {"stage_weights": {"use": {"inform": 0.0, "expand": 0.0}}}, "loyal": {"stage_weights": {"use": {"inform": 1.0}}}}),
         order=("autumn", "films")),
    Case("weights of the state in the segment's own version", person(calls=1, tenure=61), [],
         setting(segments={"loyal": {"life_cycle_weights": {"active": _INFORM}}}), order=("autumn", "faster")),
    Case("weights of a state that they are not in", person(calls=1, tenure=61), [],
         setting(segments={"loyal": {"life_cycle_weights": {"at_risk": _INFORM}}}), order=("faster", "autumn")),
    Case("weights of the intent in the segment's own version", person(calls=4, tenure=61, moment=moment("pay", "bill", "inferred")), [],
         setting(technician={"rules": {"applicable": ALWAYS}}, segments={"loyal": {"intent_weights": {"bill": {"inform": 0.0, "resolve": 0.1, "retain": 1.0, "expand": 1.0}}}}),
         order=("films", "explain_bill")),
    Case("without that intent they are silent", person(calls=4, tenure=61, moment=moment("pay", None, "inferred")), [],
         setting(technician={"rules": {"applicable": ALWAYS}}, segments={"loyal": {"intent_weights": {"bill": {"inform": 0.0, "resolve": 0.1, "retain": 1.0, "expand": 1.0}}}}),
         order=("explain_bill", "films")),
]  # fmt: skip

CASES = [*EXCLUSION, *BEFORE, *BUNDLES, *LINES, *SEGMENTS]
