"""The life of a catalogue version: drafted, checked, approved by a second person, in force from a date, retired, put back."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import select

from backend import db
from backend.catalogue import publishing
from backend.catalogue import service as catalogues
from backend.catalogue.service import Draft
from backend.catalogue.tables import DraftRow
from backend.engine.catalogue import digest_of
from backend.matrix.service import body_of, texts_from
from backend.record.tables import AuditEntryRow
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from tests.small_company import ADA, DAY, NOW, answer, decide, offer_of, open_company, order, row_of
from tests.steps_of_drafts import AUTHOR, OTHER_AUTHOR, SECOND, approved, changed, in_state, made, saved
from tests.unit.reference import words


@pytest.fixture
def company(database: str) -> str:
    open_company()
    return database


def audited() -> list[str]:
    with db.reading() as session:
        rows = session.execute(select(AuditEntryRow.action).order_by(AuditEntryRow.entry_id))
        return [action for action in rows.scalars() if not action.startswith("offer.")]


def version() -> int:
    with db.reading() as session:
        return catalogues.in_force(session).catalogue.version


# --- the whole life ---------------------------------------------------------------------------------------------------


def test_a_draft_is_checked_approved_by_a_second_person_goes_in_force_and_is_rolled_back(company: str) -> None:
    before = order(decide())
    draft_id = made()
    assert in_state(draft_id) == "draft"
    saved(draft_id, changed(name="Another name"))
    ready = approved(draft_id)
    assert (ready.state, ready.approved_by, ready.effective_at) == ("approved", SECOND.name, None)
    assert catalogues.take_effect(NOW) == 0, "approved is not yet in force: somebody says from when"
    with db.transaction() as session:
        catalogues.schedule(session, draft_id, ready.revision, NOW + DAY, SECOND, NOW)
    assert catalogues.take_effect(NOW + DAY / 2) == 0
    assert version() == 1
    assert catalogues.take_effect(NOW + DAY) == 1
    assert catalogues.take_effect(NOW + DAY) == 0
    with db.reading() as session:
        done = catalogues.draft(session, draft_id)
        published = catalogues.versions(session)
    assert (done.state, done.catalogue_version, version()) == ("published", 2, 2)
    assert [(v.version, v.state, v.draft_id, v.made_by) for v in published] == [
        (2, "in_force", draft_id, AUTHOR.name), (1, "retired", None, None),
    ]  # fmt: skip
    assert published[1].spells[0].until == NOW + DAY

    again = decide(NOW + DAY)
    assert again.inputs.configuration.catalogue.version == 2
    assert order(again) == before
    with db.transaction() as session:
        catalogues.roll_back(session, 1, 2, SECOND, NOW + 2 * DAY)
    assert version() == 1
    with db.reading() as session:
        first = catalogues.versions(session)[-1]
    assert [(s.back, s.until is None, s.by) for s in first.spells] == [
        (True, True, SECOND.name),
        (False, False, "Evenhand"),
    ]
    assert audited()[-2:] == ["configuration.in_force", "catalogue.rolled_back"]
    assert {
        "draft.made",
        "draft.changed",
        "draft.checked",
        "draft.asked",
        "draft.approved",
        "draft.scheduled",
        "draft.in_force",
    } <= set(audited())


def test_offers_presented_before_keep_their_terms_through_a_publish_and_a_rollback(company: str) -> None:
    decided = decide()
    first = order(decided)[0]
    offer_id = offer_of(decided, first)
    answer(offer_id, "presented")
    terms = row_of(offer_id).terms
    with db.transaction() as session:
        catalogues.publish(session, json.loads(json.dumps(words.body(), default=str)) | {"note": {"a": 1}}, SYSTEM, NOW)
    assert version() == 2
    shown = decide()
    assert (shown.ranked[0].treatment, shown.ranked[0].catalogue_version) == (first, 1)
    with db.transaction() as session:
        catalogues.roll_back(session, 1, 2, SECOND, NOW)
    assert row_of(offer_id).terms == terms
    assert decide().ranked[0].offer_id == str(offer_id)


# --- guards -----------------------------------------------------------------------------------------------------------


def test_nobody_approves_what_they_had_a_hand_in(company: str) -> None:
    both = Actor("staff", AUTHOR.id, AUTHOR.name, AUTHOR.permissions | SECOND.permissions)
    other = Actor("staff", OTHER_AUTHOR.id, OTHER_AUTHOR.name, OTHER_AUTHOR.permissions | SECOND.permissions)
    draft_id = made()
    saved(draft_id, changed(name="By another"), actor=OTHER_AUTHOR)
    asked = approved(draft_id, stop="asked")
    for actor in (both, other):
        with pytest.raises(Forbidden, match="second person"), db.transaction() as session:
            catalogues.approve(session, draft_id, asked.revision, actor, NOW)
    with pytest.raises(Forbidden), db.transaction() as session:
        catalogues.approve(session, draft_id, asked.revision, AUTHOR, NOW)
    assert in_state(draft_id) == "asked"


def test_a_draft_with_one_problem_goes_no_further(company: str) -> None:
    draft_id = made()
    saved(draft_id, changed(name=""), path="treatments/one.toml")
    saved(draft_id, "[[treatment]]\nkey = 3\n", path="treatments/more.toml")
    checked = catalogues.check_draft(draft_id, AUTHOR, NOW)
    assert checked.state == "draft"
    assert checked.problems
    assert {p.file for p in checked.problems} <= {"treatments/more.toml", "treatments/one.toml"}
    with pytest.raises(Conflict), db.transaction() as session:
        catalogues.ask_approval(session, draft_id, checked.revision, AUTHOR, NOW)


def test_an_edit_after_approval_leads_back_to_draft(company: str) -> None:
    draft_id = made()
    saved(draft_id, changed(name="First"))
    approved(draft_id)
    again = saved(draft_id, changed(name="Second"))
    assert (again.state, again.approved_by, again.problems, again.effective_at) == ("draft", None, None, None)
    with pytest.raises(Conflict), db.transaction() as session:
        catalogues.schedule(session, draft_id, again.revision, None, SECOND, NOW)


@pytest.mark.parametrize(
    "values",
    [
        {"digest": "another"},
        {"approved_by_id": AUTHOR.id},
        {"approved_by_id": None},
        {"problem_count": 1},
        {"problem_count": None},
        {"state": "draft"},
        {"state": "published"},
        {"state": "odd"},
    ],
)
def test_the_database_itself_refuses_what_no_draft_may_be(company: str, values: dict[str, Any]) -> None:
    draft_id = made()
    approved(draft_id)
    table = DraftRow.__table__  # type: ignore[attr-defined]
    with pytest.raises(sa.exc.IntegrityError), db.transaction() as session:
        session.execute(sa.update(table).where(table.c.draft_id == draft_id).values(**values))


def test_the_same_text_saved_again_changes_nothing(company: str) -> None:
    draft_id = made()
    ready = approved(draft_id)
    path, text = next(iter(ready.files.items()))
    same = saved(draft_id, text.replace("\n", "\r\n"), path=path)
    assert (same.state, same.revision) == ("approved", ready.revision)


def test_two_editors_of_one_file_the_second_is_told_and_gets_both_texts(company: str) -> None:
    draft_id = made()
    seen = catalogues.name_of(draft_of(draft_id).files["treatments/one.toml"])
    saved(draft_id, changed(name="Mine"), actor=OTHER_AUTHOR)
    with pytest.raises(Conflict) as refused, db.transaction() as session:
        catalogues.save_file(session, draft_id, "treatments/one.toml", "yours", seen, AUTHOR, NOW)
    assert 'name = "Mine"' in refused.value.extra["theirs"]
    with db.transaction() as session:
        catalogues.save_file(
            session, draft_id, "treatments/one.toml", "yours", refused.value.extra["seen"], AUTHOR, NOW
        )
    assert draft_of(draft_id).files["treatments/one.toml"] == "yours"


def test_two_editors_of_two_files_are_not_in_each_others_way(company: str) -> None:
    draft_id = made()
    names = {path: catalogues.name_of(text) for path, text in draft_of(draft_id).files.items()}
    for path, actor in (("treatments/one.toml", AUTHOR), ("segments.toml", OTHER_AUTHOR)):
        with db.transaction() as session:
            catalogues.save_file(session, draft_id, path, f"# of {actor.name}\n", names[path], actor, NOW)
    files = draft_of(draft_id).files
    assert (files["treatments/one.toml"], files["segments.toml"]) == (
        f"# of {AUTHOR.name}\n",
        f"# of {OTHER_AUTHOR.name}\n",
    )


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """Does all of them at the same time; gives what each returned or raised."""

    def tried(act: Callable[[], Any]) -> Any:
        try:
            return act()
        except (Conflict, Forbidden) as refused:
            return refused

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(tried, acts))


def test_of_two_who_act_at_once_one_is_told_of_the_other(company: str) -> None:
    draft_id = made()
    asked = approved(draft_id, stop="asked")

    def approve() -> Draft:
        with db.transaction() as session:
            return catalogues.approve(session, draft_id, asked.revision, SECOND, NOW)

    def edit() -> Draft:
        with db.transaction() as session:
            seen = catalogues.name_of(asked.files["treatments/one.toml"])
            return catalogues.save_file(session, draft_id, "treatments/one.toml", "# other", seen, AUTHOR, NOW)

    results = at_once([approve, edit, approve])
    assert sum(isinstance(one, Draft) and one.state == "approved" for one in results) <= 1
    final = draft_of(draft_id)
    assert final.state == "draft", "the edit came before, or undid the approval"
    assert final.approved_by is None


def test_two_rollbacks_at_once_are_one(company: str) -> None:
    with db.transaction() as session:
        catalogues.publish(session, json.loads(json.dumps(words.body(), default=str)) | {"note": {"a": 1}}, SYSTEM, NOW)

    def back() -> int:
        with db.transaction() as session:
            return catalogues.roll_back(session, 1, 2, SECOND, NOW)

    results = at_once([back, back, back])
    assert sum(isinstance(one, int) for one in results) == 1
    assert version() == 1


def test_who_rolls_back_while_another_does_is_told_so(company: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the second read before the first was done does not count: it would undo what came in force in between."""
    with db.transaction() as session:
        catalogues.publish(session, json.loads(json.dumps(words.body(), default=str)) | {"note": {"a": 1}}, SYSTEM, NOW)
    real, read, done = publishing.configure, threading.Event(), threading.Event()

    def later(*given: Any, **named: Any) -> int:
        read.set()
        assert done.wait(10)
        return real(*given, **named)

    def second() -> Any:
        with db.transaction() as session:
            return catalogues.roll_back(session, 1, 2, SECOND, NOW)

    with ThreadPoolExecutor(1) as pool:
        with db.transaction() as session:
            catalogues.roll_back(session, 1, 2, SECOND, NOW)
            monkeypatch.setattr(publishing, "configure", later)
            found = pool.submit(second)
            read.wait(0.3)  # it never comes so far: it waits for the first
        done.set()
        with pytest.raises(Conflict):
            found.result(10)
    assert version() == 1


def test_who_may_not_author_or_approve_cannot(company: str) -> None:
    nobody = Actor("staff", "s9", "Kim")
    with pytest.raises(Forbidden), db.transaction() as session:
        catalogues.begin_draft(session, "x", nobody, NOW)
    with pytest.raises(Forbidden), db.transaction() as session:
        catalogues.roll_back(session, 1, 1, AUTHOR, NOW)


@pytest.mark.parametrize(
    "path", ["../pack.toml", "treatments.toml", "Care.toml", "treatments/x/y.toml", "care.txt", ""]
)
def test_a_file_has_the_name_of_a_packs_file(company: str, path: str) -> None:
    draft_id = made()
    with pytest.raises(Invalid), db.transaction() as session:
        catalogues.save_file(session, draft_id, path, "", "", AUTHOR, NOW)


def test_a_date_long_gone_and_a_version_that_is_not_are_refused(company: str) -> None:
    ready = approved(made())
    with pytest.raises(Invalid), db.transaction() as session:
        catalogues.schedule(session, ready.draft_id, ready.revision, NOW - DAY, SECOND, NOW)
    with pytest.raises(NotFound), db.transaction() as session:
        catalogues.roll_back(session, 9, 1, SECOND, NOW)
    with pytest.raises(Conflict, match="in force already"), db.transaction() as session:
        catalogues.roll_back(session, 1, 1, SECOND, NOW)
    with pytest.raises(NotFound), db.reading() as session:
        catalogues.draft(session, ADA)


def test_what_is_sent_back_says_why_and_what_is_withdrawn_stays_to_be_read(company: str) -> None:
    asked = approved(made(), stop="asked")
    with pytest.raises(Invalid), db.transaction() as session:
        catalogues.send_back(session, asked.draft_id, asked.revision, " ", SECOND, NOW)
    with db.transaction() as session:
        back = catalogues.send_back(session, asked.draft_id, asked.revision, "The credit is too high.", SECOND, NOW)
    assert (back.state, back.returned_by, back.returned_words) == ("draft", SECOND.name, "The credit is too high.")
    with db.transaction() as session:
        gone = catalogues.withdraw(session, asked.draft_id, back.revision, AUTHOR, NOW)
    assert (gone.state, gone.files) == ("withdrawn", asked.files)
    with pytest.raises(Conflict), db.transaction() as session:
        catalogues.save_file(session, asked.draft_id, "segments.toml", "", "", AUTHOR, NOW)


def test_levers_prices_and_exhausted_budgets_stay_through_a_publish_where_what_they_are_of_does(company: str) -> None:
    with db.reading() as session:
        keys = sorted(catalogues.in_force(session).catalogue.treatments)
    body = json.loads(json.dumps(words.body(), default=str))
    budget = {"key": "hours", "label": "Hours", "unit": "places", "per": "day", "amount": 30}
    body["pack"]["budget"] = [*body["pack"].get("budget", []), budget]
    with db.transaction() as session:
        assert catalogues.publish(session, body, SYSTEM, NOW) == 2
        levers, prices = {keys[0]: 2.0, keys[1]: 3.0}, {"hours": 0.5, "gone": 1.0}
        catalogues.configure(session, 2, levers, prices, SYSTEM, NOW, ["hours", "gone"])
    for content in body["treatments"].values():
        content["treatment"] = [t for t in content["treatment"] if t["key"] != keys[0]]
    with db.transaction() as session:
        assert catalogues.publish(session, body, SYSTEM, NOW) == 3
    with db.reading() as session:
        kept = catalogues.in_force(session)
    assert (dict(kept.levers), dict(kept.prices), kept.exhausted) == ({keys[1]: 3.0}, {"hours": 0.5}, {"hours"})
    with db.transaction() as session:
        catalogues.roll_back(session, 1, 3, SECOND, NOW)
    with db.reading() as session:
        back = catalogues.in_force(session)
    assert (dict(back.levers), dict(back.prices), back.exhausted) == ({keys[1]: 3.0}, {}, frozenset())


def test_a_load_puts_nothing_in_the_place_of_what_people_approved(company: str) -> None:
    body = json.loads(json.dumps(words.body(), default=str))
    draft_id = made()
    saved(draft_id, changed(name="Approved by people"))
    ready = approved(draft_id)
    with db.transaction() as session:
        catalogues.schedule(session, draft_id, ready.revision, None, SECOND, NOW)
    catalogues.take_effect(NOW)
    for again in (body, body | {"note": {"a": 1}}):
        with db.transaction() as session:
            assert catalogues.publish(session, again, SYSTEM, NOW, only_new=True) == 2
    assert version() == 2


def test_the_files_of_a_version_read_back_are_its_content(company: str) -> None:
    with db.reading() as session:
        known = catalogues.in_force(session)
        files = catalogues.files_of(session, 1)
    assert digest_of(body_of(files)) == known.catalogue.digest
    assert texts_from(body_of(files)) == files


def draft_of(draft_id: UUID) -> Draft:
    with db.reading() as session:
        return catalogues.draft(session, draft_id)
