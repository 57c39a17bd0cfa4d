"""The pages of experiments and of lift: planned by one, begun by another, read by a manager; nothing typed is lost."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from backend import db
from backend.catalogue import service as catalogues
from backend.matrix.service import body_of
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from backend.trials import service as trials
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from tests.cast import AGENT, AUTHOR, SUPERVISOR
from tests.pages import Browser, Page
from tests.steps_of_drafts import simulated

Sign = Callable[[str], Browser]
PLAN = {
    "name": "More for the loyal", "purpose": "They take a thank-you more often.", "metric": "acceptance", "window_days": "7", "usual": "20",
    "lift": "20", "power": "80", "share": "100", "levers1": "loyalty_credit 1.5",
}  # fmt: skip
HOLDOUTS = '[[holdout]]\nkey = "universal"\nlabel = "Universal control"\nshare = 0.5\n'


def path_of(page: Page) -> str:
    return urlsplit(page.path).path


def planned(browser: Browser, **more: str) -> Page:
    return browser.get("/experiments/new").submit("/experiments", **(PLAN | more))


def hold_out() -> None:
    with db.transaction() as session:
        files = dict(catalogues.files_of(session, catalogues.in_force(session).catalogue.version))
        files["holdouts.toml"] = HOLDOUTS
        catalogues.publish(session, body_of(files), SYSTEM, clock.now(), files)


def test_from_a_plan_to_a_decision_by_two_people(desk_as: Sign) -> None:
    author, supervisor = desk_as(AUTHOR), desk_as(SUPERVISOR)
    assert "Nothing is being tried" in author.get("/experiments").text
    draft = planned(author)
    here = path_of(draft)
    assert "customers in each arm" in draft.text
    assert "Only 0 are here" not in draft.text
    asked = draft.submit(f"{here}/request")
    assert f"{here}/start" not in [form.action for form in asked.forms]
    waiting = supervisor.get("/approvals")
    assert "Experiment: More for the loyal" in waiting.text
    begun = supervisor.get(here).submit(f"{here}/start")
    assert "It runs" in begun.text
    with db.reading() as session:
        assert [one.label for one in catalogues.in_force(session).experiments] == ["More for the loyal"]
        known = trials.trials(session)[0]
        people = [one.customer_id for one in profiles.some_from(session, UUID(int=0), 6)]
    for one in people:
        treatments.decide(one, clock.now())
    looked = supervisor.get(here).submit(f"{here}/look")
    assert "Too early to tell of “Levers loyalty_credit 1.5”" in looked.text
    table = list(csv.reader(StringIO(author.get(here).submit(f"{here}/csv").response.get_data(as_text=True))))
    assert table[0][1:4] == ["Arm", "Assigned", "Counted"]
    assert len(table) == 1 + len(trials.METRICS)
    refused = supervisor.get(here).submit(f"{here}/end", words=" ")
    assert refused.status == 422
    assert "1 to 500 characters" in refused.text
    ended = supervisor.get(here).submit(f"{here}/end", words="Enough was seen.")
    assert "Enough was seen." in ended.text
    done = supervisor.get(here).submit(f"{here}/decision", winner="control", words="No difference.")
    assert "Decided: As it is" in done.text
    assert known.state == "running"


def test_what_was_typed_comes_back_with_what_is_wrong(desk_as: Sign) -> None:
    author = desk_as(AUTHOR)
    page = author.get("/experiments/new").submit(
        "/experiments", **(PLAN | {"window_days": "soon", "usual": "120", "levers1": "loyalty_credit much", "name": "Kept"})
    )  # fmt: skip
    assert page.status == 422
    assert "A number, please." in page.text
    assert "Each a treatment and a number" in page.text
    assert page.one("input", id="name").get("value") == "Kept"
    assert page.one("input", id="levers1").get("value") == "loyalty_credit much"
    page = author.get("/experiments/new").submit("/experiments", **(PLAN | {"usual": "120", "purpose": ""}))
    assert "less than 100 percent" in page.text
    page = author.get("/experiments/new").submit("/experiments", **(PLAN | {"levers1": "nothing 2"}))
    assert "There is no treatment nothing." in page.text


def test_a_fault_of_an_arm_is_shown_where_it_was_typed(desk_as: Sign) -> None:
    form = desk_as(AUTHOR).get("/experiments/new")
    page = form.submit(
        "/experiments", **(PLAN | {"levers1": "", "levers2": "nothing 2", "levers3": "loyalty_credit 11"})
    )
    assert page.status == 422
    assert page.one("input", id="levers2").get("aria-invalid") == "true"
    assert page.one("input", id="levers3").get("aria-invalid") == "true"
    assert page.one("input", id="levers1").get("aria-invalid") is None
    assert "Arm 2, levers: there is no treatment nothing." in page.text
    gone = form.submit("/experiments", **(PLAN | {"levers1": "", "levers2": "loyalty_credit 2", "usual": "much"}))
    assert "What it is today: a number, please." in gone.text


def test_who_comes_second_reads_who_was_quicker_and_loses_no_words(desk_as: Sign) -> None:
    author, supervisor = desk_as(AUTHOR), desk_as(SUPERVISOR)
    draft = planned(author, name="Raced")
    here = path_of(draft)
    draft.submit(f"{here}/request")
    twice = draft.submit(f"{here}/request")
    assert twice.status == 409
    assert "It waits for a second person now." in twice.text
    shown = supervisor.get(here)
    begun = shown.submit(f"{here}/start")
    late = author.get(here)
    assert shown.submit(f"{here}/start").status == 409
    begun.submit(f"{here}/end", words="Enough.")
    second = late.submit(f"{here}/end", words="Mine too.")
    assert second.status == 409
    assert " ended it." in second.text
    assert "You had written: “Mine too.”" in second.text
    assert "It ended before anybody looked. Look now" in second.text
    other = planned(author, name="Withdrawn meanwhile")
    there = path_of(other)
    other.submit(f"{there}/request")
    shown = supervisor.get(there)
    author.get(there).submit(f"{there}/withdrawal")
    refused = shown.submit(f"{there}/start")
    assert refused.status == 409
    assert "it never begins" in refused.text
    assert f"{there}/start" not in [form.action for form in refused.forms]


def test_a_plan_that_was_asked_for_meanwhile_comes_back_as_typed(desk_as: Sign) -> None:
    author = desk_as(AUTHOR)
    draft = planned(author, name="Changed late")
    here = path_of(draft)
    form = author.get(f"{here}/plan")
    draft.submit(f"{here}/request")
    late = form.submit(f"{here}/plan", purpose="Another reason.")
    assert late.status == 409
    assert "Somebody was quicker" in late.text
    assert late.one("textarea", id="purpose").text == "Another reason."


def test_a_plan_is_sent_back_and_changed(desk_as: Sign) -> None:
    author, supervisor = desk_as(AUTHOR), desk_as(SUPERVISOR)
    draft = planned(author, name="Sent back")
    here = path_of(draft)
    draft.submit(f"{here}/request")
    supervisor.get(here).submit(f"{here}/return", words="Hope for more.")
    again = author.get(here)
    assert "Hope for more." in again.text
    form = author.get(f"{here}/plan")
    assert form.one("input", id="lift").get("value") == "20"
    changed = form.submit(f"{here}/plan", lift="40")
    assert "Planned anew" in changed.text
    late = form.submit(f"{here}/plan", lift="60", name="Typed too late")
    assert late.status == 409
    assert late.one("input", id="name").get("value") == "Typed too late", "nothing that was typed is lost"
    withdrawn = author.get(here).submit(f"{here}/withdrawal")
    assert "Withdrawn" in withdrawn.text


def test_a_draft_is_an_arm(desk_as: Sign) -> None:
    author, supervisor = desk_as(AUTHOR), desk_as(SUPERVISOR)
    begun = author.get("/catalogue").submit("/catalogue/drafts", name="Plainer words")
    there = path_of(begun)
    file = "treatments/retention.toml"
    form = author.get(f"{there}/files/{file}")
    text = form.one("textarea", id="text").text or ""
    line = next(line for line in text.splitlines() if line.startswith("headline = "))
    form.submit(f"{there}/files/{file}", text=text.replace(line, 'headline = "A plain offer"', 1))
    author.get(there).submit(f"{there}/check")
    simulated(there.rpartition("/")[2])
    page = author.get("/experiments/new")
    assert "Plainer words" in page.text
    draft = page.submit("/experiments", **(PLAN | {"levers1": "", "arm1": there.rpartition("/")[2], "name": "Words"}))
    here = path_of(draft)
    draft.submit(f"{here}/request")
    running = supervisor.get(here).submit(f"{here}/start")
    assert "kept as version" in running.text
    assert "the first decision that ranks" in running.text
    assert "Made for an experiment" in author.get("/catalogue").text
    supervisor.get(here).submit(f"{here}/end", words="Over.")


def test_lift_is_told_of_every_holdout(desk_as: Sign) -> None:
    author = desk_as(AUTHOR)
    assert "Nothing is held out" in author.get("/lift").text
    hold_out()
    assert "Nobody has looked yet" in author.get("/lift").text
    now = clock.now()
    with db.reading() as session:
        people = [one.customer_id for one in profiles.some_from(session, UUID(int=0), 30)]
    for one in people:
        treatments.decide(one, now)
    assert trials.lift_due(now) == 1
    assert "30 days are over yet" in author.get("/lift").text
    assert trials.lift_due(now + timedelta(days=31)) == 1
    page = author.get("/lift")
    assert "All customers" in page.text
    assert "Too few to tell." in page.text
    assert "Looked" in page.submit("/lift/look").text
    trials.lift_due(now + timedelta(days=40))
    table = list(csv.reader(StringIO(author.get("/lift").submit("/lift/csv").response.get_data(as_text=True))))
    assert [row[3] for row in table[1:5]] == ["Acceptance", "Value", "Retention", "Experience"]


def test_an_agent_reads_why_of_a_customer_in_a_control_group(desk_as: Sign) -> None:
    hold_out()
    agent = desk_as(AGENT)
    with db.reading() as session:
        people = [one.customer_id for one in profiles.some_from(session, UUID(int=0), 40)]
    decided = next(
        one
        for one in (treatments.decide(one, clock.now()) for one in people)
        if any(w.step == "holdout" for w in treatments.withheld_of(one))
    )
    why = next(w.treatment for w in treatments.withheld_of(decided) if w.step == "holdout")
    page = agent.get(f"/decisions/{decided.decision_id}?why={why}")
    assert "control group “Universal control”: 50 of 100 customers" in page.text
    assert "kept back to measure whether they help" in page.text


def test_an_agent_has_no_business_there(desk_as: Sign) -> None:
    agent = desk_as(AGENT)
    for path in ("/experiments", "/experiments/new", "/lift"):
        assert agent.get(path).status == 403


@pytest.mark.parametrize("path", ["/lift?holdout=nothing&days=x", "/lift?days=90"])
def test_an_odd_address_is_no_fault(desk_as: Sign, path: str) -> None:
    assert desk_as(AUTHOR).get(path).status == 200
