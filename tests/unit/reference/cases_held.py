"""Control groups: who is kept from what, to measure whether it helps, and what nobody is kept from.

Customer 1 falls at .155 by the salt "universal", at .106 by "sales", at .061 by "films", and at .998 by "a".
"""

from tests.unit.reference.cases import Case, moment, offer, person, setting

ALL = {"key": "universal", "label": "Universal control", "share": 0.2}
HELD = ("holdout", "holdout:universal")
FILMS = {"key": "films", "label": "Films", "share": 0.1, "treatments": ["films"]}
SALES = {"key": "sales", "label": "Sales", "share": 0.2, "groups": ["sales"]}

CASES = [
    Case("the universal control group gets nothing extra", person(), [], setting(holdouts=[ALL]), withheld={"films": HELD, "autumn": HELD}),
    Case("who falls above the share is treated", person(), [], setting(holdouts=[{**ALL, "share": 0.15}]), order=("films",)),
    Case("another salt draws another group", person(), [], setting(holdouts=[{**ALL, "salt": "a"}]), order=("films",)),
    Case("a treatment's own control group gets the next best", person(), [], setting(holdouts=[FILMS]), order=("autumn",),
         withheld={"films": ("holdout", "holdout:films")}),
    Case("a group's control group", person(), [], setting(holdouts=[SALES]), order=("autumn",), withheld={"films": ("holdout", "holdout:sales")}),
    Case("the first of two control groups is named", person(), [], setting(holdouts=[SALES, FILMS]), withheld={"films": ("holdout", "holdout:sales")}),
    Case("service is kept from nobody", person(calls=3), [], setting(holdouts=[ALL]), order=("technician",)),
    Case("what is owed is kept from nobody", person(), [], setting(holdouts=[ALL], autumn={"owed": True}), order=("autumn",), withheld={"films": HELD}),
    Case("what a protected state opens is kept from nobody", person(age=70), [], setting(holdouts=[ALL]), order=("senior_help",)),
    Case("hardship is kept from nobody", person(owed=60.0), [], setting(holdouts=[ALL]), order=("payment_plan",)),
    Case("an answer to what they came for is kept from nobody", person(moment=moment("use", "leaving")), [],
         setting(holdouts=[ALL], films={"resolves": ["leaving"]}), order=("films",), withheld={"autumn": HELD}),
    Case("what was only guessed of why they came keeps them in their group", person(moment=moment("use", "leaving", source="inferred")), [],
         setting(holdouts=[ALL], films={"resolves": ["leaving"]}), withheld={"films": HELD}),
    Case("an offer presented before is honoured in the control group too", person(), [offer("autumn", "presented", 3)], setting(holdouts=[ALL]), order=("autumn",)),
    Case("a bundle goes with what is in it", person(), [], setting(holdouts=[FILMS], extras="duo"),
         withheld={"films": ("holdout", "holdout:films"), "duo": ("holdout", "holdout:films")}),
    Case("an empty budget is named before the control group", person(), [], setting(holdouts=[ALL], autumn={"use": [{"budget": "visits"}]}, exhausted="visits"),
         withheld={"autumn": ("budget", "budget:visits")}),
    Case("the control group is named before silence", person(), [], setting(holdouts=[ALL], levers={"films": 0.0}), withheld={"films": HELD}),
    Case("a control group of a segment: those in it", person(), [], setting(holdouts=[{**ALL, "segment": "quiet"}]), withheld={"films": HELD}),
    Case("a control group of a segment: those outside it", person(), [], setting(holdouts=[{**ALL, "segment": "loyal"}]), order=("films",)),
]  # fmt: skip
