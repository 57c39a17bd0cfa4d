"""The authors' pages: a draft is written, checked, approved by somebody else and put in force; nothing typed is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from sqlalchemy import select, update

from backend import db
from backend.catalogue import service as catalogues
from backend.simulation import earning
from backend.simulation import service as simulations
from backend.simulation.earning import Round
from backend.simulation.tables import SimulationRow
from shared.kernel import clock
from tests.cast import ADMIN, AGENT, AUTHOR, SUPERVISOR
from tests.pages import Browser, Page, text_of
from tests.steps_of_drafts import simulated

Sign = Callable[[str], Browser]
_SIMULATION = db.table_of(SimulationRow)
FILE = "treatments/retention.toml"


def path_of(page: Page) -> str:
    return urlsplit(page.path).path


def begin(browser: Browser, name: str = "Smaller credit") -> Page:
    return browser.get("/catalogue").submit("/catalogue/drafts", name=name)


def write(browser: Browser, page: Page, old: str, new: str, button: str | None = None, file: str = FILE) -> Page:
    """The file's page after its text was changed and saved."""
    form = browser.get(f"{path_of(page)}/files/{file}")
    text = form.one("textarea", id="text").text or ""
    assert old in text
    extra = {"check": "yes"} if button else {}
    return form.submit(f"{path_of(page)}/files/{file}", text=text.replace(old, new, 1), **extra)


def in_force() -> int:
    with db.reading() as session:
        return catalogues.in_force(session).catalogue.version


def test_from_a_new_draft_to_in_force_and_back_by_two_people(desk_as: Sign) -> None:
    author, supervisor = desk_as(AUTHOR), desk_as(SUPERVISOR)
    draft = begin(author)
    assert draft.title.startswith("Smaller credit")
    here = path_of(draft)
    saved = write(author, draft, 'applicable = "churn_risk >= 0.45"', 'applicable = "churn_risk >= 0.46"')
    assert "Saved" in saved.text
    checked = author.get(here).submit(f"{here}/check")
    assert "Nothing is wrong with it" in checked.text
    assert "get what they should" in checked.text
    assert "Dana: fibre, no contract" in checked.text
    changes = author.get(f"{here}/changes").text
    assert '-applicable = "churn_risk >= 0.45"' in changes
    assert '+applicable = "churn_risk >= 0.46"' in changes
    simulated(here.rpartition("/")[2])
    asked = author.get(here).submit(f"{here}/request")
    assert "A second person is asked" in asked.text
    assert f"{here}/approval" not in [form.action for form in asked.forms]

    seen = supervisor.get(here)
    approved = seen.submit(f"{here}/approval")
    assert "Approved by" in approved.text
    going = approved.submit(f"{here}/schedule", when="now")
    assert "It goes in force within seconds" in going.text
    assert f"{here}/schedule" not in [form.action for form in going.forms]
    piece = supervisor.get(here, htmx=True)
    assert piece.one("aside", id="next-acts").get("hx-trigger") == "every 1s"
    assert "HX-Refresh" not in piece.response.headers
    assert catalogues.take_effect(clock.now()) == 1
    assert supervisor.get(here, htmx=True).response.headers["HX-Refresh"] == "true"
    assert in_force() == 2
    assert "In force as version 2" in supervisor.get(here).text
    listed = author.get("/catalogue").text
    assert "Version 2 In force" in listed
    assert "Retired" in listed
    back = supervisor.get("/catalogue/versions/1").submit("/catalogue/versions/1/rollback")
    assert "Version 1 is in force again" in back.text
    assert in_force() == 1


def test_problems_stand_beside_the_text_with_their_lines(desk_as: Sign) -> None:
    author = desk_as(AUTHOR)
    draft = begin(author)
    page = write(author, draft, "churn_risk >= 0.45", "churn_rsk >= 0.45", "check")
    assert "did you mean churn_risk?" in page.text
    link = next(a for a in page.all("a") if (a.get("href") or "").startswith("#L"))
    assert page.one("li", id=str(link.get("href"))[1:]).get("class") == "bad"
    whole = author.get(path_of(draft))
    assert "1 problem" in whole.text
    assert f"{path_of(draft)}/request" not in [form.action for form in whole.forms]


def test_a_persona_who_no_longer_gets_what_they_should_is_told_by_name(desk_as: Sign) -> None:
    author = desk_as(AUTHOR)
    here = path_of(begin(author))
    write(author, author.get(here), '|| intent == "leaving" || stage == "leave"', "")
    write(author, author.get(here), "leave_signals_60d >= 1", "leave_signals_60d >= 9", "check")
    failing = [text_of(one) for one in author.get(here).all(class_="failing")]
    assert len(failing) == 2
    assert all("must get stay_talk, which left at applicable" in one for one in failing)
    write(author, author.get(here), "leave_signals_60d >= 9", "leave_signls_60d >= 9", "check")
    assert not author.get(here).all(class_="failing"), "they were not tried"


def test_the_catalogue_in_force_is_there_to_read(desk_as: Sign) -> None:
    text = desk_as(ADMIN).get("/catalogue/versions/1").text
    for word in (
        "Retention",
        "Credit for staying with us",
        "churn_risk >= 0.45",
        "What the agent says",
        "monthly_charges",
    ):
        assert word in text


def test_a_second_editor_gets_both_texts_and_loses_nothing(desk_as: Sign) -> None:
    author = desk_as(AUTHOR)
    draft = begin(author)
    stale = author.get(f"{path_of(draft)}/files/segments.toml")
    write(author, draft, "[[segment]]", "# theirs\n[[segment]]", file="segments.toml")
    lost = stale.submit(f"{path_of(draft)}/files/segments.toml", text="# mine\n")
    assert lost.status == 409
    assert lost.one("textarea", id="text").text.strip() == "# mine"
    assert "# theirs" in (lost.one("textarea", id="theirs").text or "")
    over = lost.submit(f"{path_of(draft)}/files/segments.toml", text="# mine\n")
    assert over.status == 200
    assert over.one("textarea", id="text").text.strip() == "# mine"


def test_a_text_that_cannot_be_taken_comes_back_as_it_was_typed(desk_as: Sign) -> None:
    author = desk_as(AUTHOR)
    here = f"{path_of(begin(author))}/files/segments.toml"
    long = "# long\n" * 40_000
    refused = author.get(here).submit(here, text=long)
    assert refused.status == 422
    assert refused.one("textarea", id="text").text.strip() == long.strip()
    kept = "# " + '"' * 60_000 + "\n"
    assert author.get(here).submit(here, text=kept).status == 200


def test_what_was_typed_into_a_draft_that_is_over_is_not_lost_either(desk_as: Sign) -> None:
    author = desk_as(AUTHOR)
    draft = begin(author)
    here = path_of(draft)
    stale = author.get(f"{here}/files/segments.toml")
    gone = author.get(here).submit(f"{here}/withdrawal")
    assert "Withdrawn" in gone.text
    lost = stale.submit(f"{here}/files/segments.toml", text="# mine\n")
    assert lost.status == 409
    assert lost.one("textarea", id="text").text.strip() == "# mine"


def test_files_come_and_go(desk_as: Sign) -> None:
    author = desk_as(AUTHOR)
    here = path_of(begin(author))
    added = author.get(here).submit(f"{here}/files", path="treatments/summer.toml")
    assert path_of(added) == f"{here}/files/treatments/summer.toml"
    assert "new" in author.get(here).text
    removed = added.submit(f"{here}/files/treatments/summer.toml/removal")
    assert path_of(removed) == here
    assert author.get(f"{here}/files/treatments/summer.toml").status == 404
    assert author.get(here).submit(f"{here}/files", path="../etc.toml").status == 422
    assert author.get(here).submit(f"{here}/files", path="pack.toml").status == 409


@pytest.mark.parametrize(
    ("field", "value"), [("at", "tomorrow"), ("at", ""), ("at", "1999-01-01T00:00"), ("words", " ")]
)
def test_a_wrong_form_comes_back_with_what_was_typed(desk_as: Sign, field: str, value: str) -> None:
    author, supervisor = desk_as(AUTHOR), desk_as(SUPERVISOR)
    here = path_of(begin(author))
    author.get(here).submit(f"{here}/check")
    simulated(here.rpartition("/")[2])
    author.get(here).submit(f"{here}/request")
    if field == "words":
        refused = supervisor.get(here).submit(f"{here}/return", words=value)
    else:
        supervisor.get(here).submit(f"{here}/approval")
        refused = supervisor.get(here).submit(f"{here}/schedule", when="then", at=value)
    assert refused.status == 422
    assert "Please check this" in refused.text
    back = supervisor.get(here).submit(f"{here}/return", words="The rule is too wide.")
    assert back.status == 200
    assert "The rule is too wide." in author.get(here).text


def test_an_act_on_a_page_that_is_out_of_date_is_refused_and_says_so(desk_as: Sign) -> None:
    author = desk_as(AUTHOR)
    here = path_of(begin(author))
    stale = author.get(here)
    write(author, stale, "churn_risk >= 0.45", "churn_risk >= 0.44")
    refused = stale.submit(f"{here}/withdrawal")
    assert refused.status == 409
    assert "changed this draft meanwhile" in refused.text
    again = refused.submit(f"{here}/withdrawal")
    assert again.status == 200, "it is the draft's page as it stands now, from which one goes on"


def test_an_agent_sees_none_of_it(desk_as: Sign) -> None:
    agent = desk_as(AGENT)
    assert agent.get("/catalogue").status == 403
    assert "Catalogue" not in agent.get("/").text


def test_a_draft_needs_a_name(desk_as: Sign) -> None:
    refused = begin(desk_as(AUTHOR), " ")
    assert refused.status == 422
    assert "Please check this" in refused.text


def test_a_draft_is_simulated_by_a_worker_while_its_page_shows_how_far_it_is(desk_as: Sign) -> None:
    author = desk_as(AUTHOR)
    here = path_of(begin(author))
    write(author, author.get(here), 'applicable = "churn_risk >= 0.45"', 'applicable = "churn_risk >= 0.6"')
    assert f"{here}/simulation" not in [form.action for form in author.get(here).forms], "it was not checked"
    author.get(here).submit(f"{here}/check")
    waiting = author.get(here).submit(f"{here}/simulation")
    assert "The simulation begins" in waiting.text
    assert "It is being simulated" in waiting.text
    piece = author.get(f"{here}/simulation", htmx=True)
    assert piece.one("section", id="simulation").get("hx-trigger") == "every 1s"
    assert "HX-Refresh" not in piece.response.headers
    assert simulations.simulate_next(clock.now(), processes=1)
    assert author.get(f"{here}/simulation", htmx=True).response.headers["HX-Refresh"] == "true"
    done = author.get(here)
    for words in (
        " customers against version 1",
        "Credit for staying with us",
        "By segment",
        "Goodwill credits",
        "Loyal against at risk",
        "Nobody can say what this draft would have earned",
        "Nothing that was presented in this time was chosen with a known probability",
    ):
        assert words in done.text
    write(author, done, 'applicable = "churn_risk >= 0.6"', 'applicable = "churn_risk >= 0.65"')
    assert "This is of an earlier text" in author.get(here).text


def test_a_page_says_what_the_draft_would_have_earned_and_how_sure_that_is(desk_as: Sign) -> None:
    author = desk_as(AUTHOR)
    here = path_of(begin(author))
    write(author, author.get(here), 'applicable = "churn_risk >= 0.45"', 'applicable = "churn_risk >= 0.6"')
    author.get(here).submit(f"{here}/check")
    simulated(here.rpartition("/")[2])
    rounds = [
        Round(UUID(int=nth), "retention_credit", nth % 3 == 0, 30.0, 0.4, 0.5 + nth % 2, (("retention_credit", 1.0, 0.4, 30.0),), ())
        for nth in range(400)
    ]  # fmt: skip
    told = {"since": "2026-08-01", "until": "2026-11-01", "currency": "USD"}
    told |= earning.report_of(earning.Earned(rounds, Counter({"not_first": 7})), {})
    with db.transaction() as session:
        row = session.execute(select(_SIMULATION)).one()
        session.execute(update(_SIMULATION).values(report=row.report | {"earned": told}))
    page = author.get(here)
    for words in (
        "400 presentations to 400 customers",
        "7 of another than the first place",
        "Doubly robust",
        "does not decide",
    ):
        assert words in page.text, words
    assert "Nobody can say" not in page.text
    assert told["would"]["value"]["direct"] is not None
