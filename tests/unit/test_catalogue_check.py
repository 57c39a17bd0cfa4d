"""The check of a pack: every mistake is told with its file and line before anything is published."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from backend.catalogue.service import check_pack
from backend.engine.catalogue import Catalogue
from backend.matrix.service import PackError, folder_of
from tests.unit.reference import words

TELECOM = folder_of("telecom")


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A copy of the telecom pack's text, to be spoilt."""
    shutil.copytree(TELECOM, tmp_path / "pack", ignore=shutil.ignore_patterns("*.py", "*.gz", "__pycache__", "*.md"))
    return tmp_path / "pack"


def spoil(pack: Path, file: str, old: str, new: str) -> int:
    """Replaces the first of `old` by `new` in the file; gives the line where it stands."""
    text = (pack / file).read_text()
    assert old in text, f"{old!r} is not in {file}"
    (pack / file).write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


def test_the_pack_as_it_is_has_nothing_wrong_with_it(pack: Path) -> None:
    assert [str(p) for p in check_pack(pack)] == []


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("lifecycle.toml", "churn_risk >", "churn_rsk >", "did you mean churn_risk?"),
        ("segments.toml", 'rule = "', 'rule = "tenur > 3 && ', "did you mean tenure?"),
        ("pack.toml", 'rule = "open_complaints > 0"', 'rule = "open_complaint > 0"', "did you mean open_complaints?"),
        ("pack.toml", 'rule = "open_complaints > 0"', 'rule = "open_complaints > "', "does not parse"),
    ],
)
def test_a_wrong_rule_of_the_matrix_is_told_with_its_file_and_line(
    pack: Path, file: str, old: str, new: str, said: str
) -> None:
    line = spoil(pack, file, old, new)
    problems = check_pack(pack)
    assert any(p.file == file and said in p.message for p in problems), problems
    assert [p.line for p in problems if p.file == file] == [line]


def test_words_for_everyone_fill_in_nothing(pack: Path) -> None:
    spoil(
        pack, "treatments/care.toml", "Bills online, and a little off each one", "Bills online, and {off} off each one"
    )
    assert [p.message for p in check_pack(pack)] == ["{off} cannot be filled in: nothing is known of who reads this"]


def test_text_that_is_no_toml_is_told_with_its_line(pack: Path) -> None:
    line = spoil(pack, "pack.toml", "currency = ", "currency == ")
    [problem] = check_pack(pack)
    assert (problem.file, problem.line) == ("pack.toml", line)


def test_a_zone_a_stage_and_a_weight_that_do_not_exist_are_told(pack: Path) -> None:
    spoil(pack, "pack.toml", '"America/Los_Angeles"', '"America/Nowhere"')
    spoil(pack, "pack.toml", 'default_stage = "use"', 'default_stage = "usage"')
    told = {p.message for p in check_pack(pack)}
    assert "America/Nowhere is no time zone" in told
    assert "usage is no stage of the matrix" in told


def test_a_protected_attribute_may_enter_no_score(pack: Path) -> None:
    attributes = (pack / "attributes.toml").read_text().split("[[attribute]]")
    protected = next(a for a in attributes if "protected = true" in a)
    key = protected.split('key = "')[1].split('"')[0]
    term = (pack / "churn.toml").read_text().split('attribute = "')[1].split('"')[0]
    line = spoil(pack, "churn.toml", f'attribute = "{term}"', f'attribute = "{key}"')
    assert any(
        (p.file, p.line, p.message) == ("churn.toml", line, "is protected: it may enter no score")
        for p in check_pack(pack)
    )


def toml(value: Any) -> str:
    """JSON's texts, numbers, lists and truths are TOML's too."""
    return json.dumps(value)


def written(tmp_path: Path, **treatment: Any) -> Path:
    """A pack on disk with one treatment of each kind of place; the entries given replace its lines, keyed as in the file."""
    lines = {
        "key": '"test_help"', "name": '"Help"', "issue": '"care"', "group": '"care"', "purpose": '"service"', "owner": '"Care"',
        "metric": '"Calls"', "objective": '"inform"', "resolves": "[]", "concession": "false", "acceptance": "0.2",
        "acceptance_evidence": '"x"', "valid_days": "30", "cool_off_days": "30", "repeat_days": "30",
        "objectives": "{ inform = 0.6, resolve = 0.3 }",
        "eligible": '"tenure > 2"', "applicable": '"true"', "suitable": '"true"',
        "equity": "5.0", "cost": "1.0", "experience": '"monthly_charges * 0.1"',
        "term_value": '"monthly_charges * 0.2"', "term_concession": "false", "unit": '"money"',
        "headline": '"Hello {name}"', "script": '"It costs {price}"', "when": '"true"', "customer": '"It fits."', "fulfil": '"message"',
    } | {key: value if key in ("objectives",) else toml(value) for key, value in treatment.items()}  # fmt: skip
    head = [k for k in lines if k not in (
        "eligible", "applicable", "suitable", "equity", "cost", "experience", "term_value", "term_concession", "unit",
        "headline", "script", "when", "customer", "fulfil",
    )]  # fmt: skip
    text = "[[treatment]]\n" + "".join(f"{k} = {lines[k]}\n" for k in head)
    text += "[treatment.rules]\n" + "".join(f"{k} = {lines[k]}\n" for k in ("eligible", "applicable", "suitable"))
    text += "[treatment.value]\n" + "".join(f"{k} = {lines[k]}\n" for k in ("equity", "cost", "experience"))
    text += 'equity_evidence = "x"\nexperience_evidence = "x"\n'
    text += f'[[treatment.term]]\nkey = "price"\nlabel = "Price"\nunit = {lines["unit"]}\n'
    text += f"value = {lines['term_value']}\nconcession = {lines['term_concession']}\n"
    text += f"[treatment.phone]\nscript = {lines['script']}\n"
    text += f'[treatment.portal]\nheadline = {lines["headline"]}\nbody = "b"\naccept = "Yes"\n'
    text += f'[[treatment.reason]]\nwhen = {lines["when"]}\nagent = "a"\ncustomer = {lines["customer"]}\n'
    text += f'[treatment.fulfilment]\nkind = {lines["fulfil"]}\npromise = "p"\n'
    folder = tmp_path / "pack"
    shutil.copytree(
        TELECOM,
        folder,
        ignore=shutil.ignore_patterns("*.py", "*.gz", "__pycache__", "*.md", "treatments", "personas.toml"),
    )
    (folder / "treatments").mkdir()
    (folder / "treatments" / "one.toml").write_text(text)
    pack = folder / "pack.toml"
    pack.write_text(without_limits(pack.read_text()))
    return folder


def without_limits(text: str) -> str:
    """The pack without what names issues and groups of which the one treatment is none."""
    text = re.sub(r"^exclusive_groups = .*$", "exclusive_groups = []", text, flags=re.MULTILINE)
    return re.sub(r"^\[\[(?:cap|gap)\]\]\n(?:[a-z_]+ = .*\n)+", "", text, flags=re.MULTILINE)


def test_the_treatment_that_is_spoilt_below_is_well_before(tmp_path: Path) -> None:
    assert check_pack(written(tmp_path)) == []


PROTECTED = "senior_citizen"


@pytest.mark.parametrize(
    ("change", "place", "said"),
    [
        ({"eligible": "tenur > 2"}, "eligible", "did you mean tenure?"),
        ({"suitable": "monthly_charges"}, "suitable", "not true or false"),
        ({"equity": "tenure * 1.5"}, "equity", "does not work out"),
        ({"eligible": f"{PROTECTED}"}, "eligible", "only with `benefit`"),
        ({"experience": f"{PROTECTED} ? 1.0 : 2.0"}, "experience", "it is protected"),
        ({"term_value": f"{PROTECTED} ? 1.0 : 2.0", "benefit": "They gain."}, "term.price", "it is protected"),
        ({"concession": True, "term_concession": True, "applicable": 'intent == "bill_question"'}, "applicable", "must not depend on"),
        ({"concession": True, "term_concession": True, "eligible": 'stage == "leave"'}, "eligible", "must not depend on"),
        ({"concession": True, "term_concession": True, "equity": "intent_stated ? 9.0 : 1.0"}, "equity", "must not depend on"),
        ({"concession": True, "term_concession": True, "term_value": 'stage == "leave" ? 9.0 : 1.0'}, "term.price", "must not depend on"),
        ({"concession": True}, "concession", "exactly one term"),
        ({"term_concession": True}, "concession", "the treatment is not"),
        ({"concession": True, "term_concession": True, "unit": "percent"}, "concession", "must be money"),
        ({"objectives": "{ inform = 0.8, resolve = 0.3 }"}, "objectives", "at most 1 is allowed"),
        ({"objectives": "{ amuse = 0.8, inform = 0.1 }"}, "objectives", "amuse is no objective"),
        ({"objective": "retain"}, "objective", "has no score"),
        ({"resolves": ["nothing_such"]}, "resolves", "is no intent of this pack"),
        ({"purpose": "leisure"}, "purpose", "is no purpose of this pack"),
        ({"headline": "Hello {churn_risk}"}, "portal", "{churn_risk} is no term"),
        ({"script": "Costs {prise}"}, "phone", "{prise} is no term"),
        ({"when": "tenure > 3"}, "reason", "so that there is always one"),
        ({"fulfil": "credit"}, "fulfilment", "names the money term"),
        ({"when": "tenure >"}, "", "does not parse"),
        ({"acceptance": 1.5}, "", "less than 1"),
        ({"colour": "blue"}, "", "not permitted"),
    ],
)  # fmt: skip
def test_each_mistake_of_a_treatment_is_told(tmp_path: Path, change: dict[str, Any], place: str, said: str) -> None:
    problems = check_pack(written(tmp_path, **change))
    assert any(said in p.message and p.rule.endswith(place) for p in problems), [str(p) for p in problems]
    assert {p.file for p in problems} == {"treatments/one.toml"}
    assert all(p.line >= 1 for p in problems)


def test_a_mistake_is_told_at_its_own_line(tmp_path: Path) -> None:
    folder = written(tmp_path, suitable="tenur > 2")
    lines = (folder / "treatments/one.toml").read_text().splitlines()
    [problem] = check_pack(folder)
    assert lines[problem.line - 1].startswith("suitable")


def test_a_protected_attribute_with_its_benefit_may_stand_in_a_rule(tmp_path: Path) -> None:
    assert check_pack(written(tmp_path, eligible=PROTECTED, benefit="More time for those who need it.")) == []


def test_two_treatments_of_one_key_are_told(tmp_path: Path) -> None:
    folder = written(tmp_path)
    shutil.copy(folder / "treatments/one.toml", folder / "treatments/two.toml")
    assert [(p.file, p.message) for p in check_pack(folder)] == [("treatments/two.toml", "stands twice in this pack")]


def test_a_body_that_is_no_catalogue_is_never_compiled() -> None:
    body = words.body()
    body["treatments"]["all"]["treatment"][0]["acceptance"] = 2
    with pytest.raises(PackError) as wrong:
        Catalogue(1, body)
    assert wrong.value.places[0][0][:3] == ("treatments/all.toml", 0, "acceptance")


def test_equal_texts_have_equal_digests_and_any_other_has_not() -> None:
    one, same, other = (
        Catalogue(1, words.body()),
        Catalogue(2, words.body()),
        Catalogue(1, words.body(tip={"owner": "X"})),
    )
    assert one.digest == same.digest != other.digest


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("acts.toml", 'when = "overdue_amount > 0.0"', 'when = "overdue_amout > 0.0"', "did you mean overdue_amount?"),
        ("acts.toml", "set = { open_cases = 0 }", "set = { tenure = 0 }", "tenure is not marked actionable"),
        ("acts.toml", "set = { open_cases = 0 }", "set = { open_case = 0 }", "nothing is called open_case"),
        ("acts.toml", "set = { open_cases = 0 }", 'set = { open_cases = "none" }', "open_cases is int"),
        ("acts.toml", 'contract = "One year"', 'contract = "Half a year"', 'contract is never "Half a year"'),
        ("acts.toml", 'key = "two_years"', 'key = "one_year"', "stands twice in this pack"),
        ("segments.toml", 'channel = "sms"', 'channel = "fax"', "pay/fax is no cell of the matrix"),
        ("segments.toml", 'stage = "pay"\nchannel = "sms"', 'stage = "leave"\nchannel = "sms"', "names its objectives"),
        ("segments.toml", 'channel = "sms"', 'channel = "phone"', "stands twice in this segment"),
        ("segments.toml", "value = 8", "", "changes nothing"),
        ("segments.toml", "value = 8", 'objectives = ["colect"]', "colect is no objective"),
    ],
)
def test_an_act_or_a_segments_cell_that_cannot_be_is_told(pack: Path, file: str, old: str, new: str, said: str) -> None:
    spoil(pack, file, old, new)
    assert any(p.file == file and said in p.message for p in check_pack(pack)), check_pack(pack)


def test_no_act_may_change_what_is_protected(pack: Path) -> None:
    spoil(pack, "acts.toml", "set = { open_cases = 0 }", 'set = { care_note = "none" }')
    text = (pack / "attributes.toml").read_text()
    (pack / "attributes.toml").write_text(text.replace('key = "care_note"', 'key = "care_note"\nactionable = true', 1))
    assert any("care_note is protected" in p.message for p in check_pack(pack))


KEEP = 'key = "keep_price"\n'


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("pack.toml", 'name = "sales"', 'name = "sale"', "nothing is called sale; did you mean sales?"),
        ("pack.toml", '"contract", "win_back"]', '"contracts"]', "nothing is called contracts; did you mean contract?"),
        ("pack.toml", 'margin = "12.0 * monthly_charges', 'margin = "12.0 * monthly_charge', "did you mean monthly_charges?"),
        ("treatments/retention.toml", KEEP, f'{KEEP}excludes = ["contract_two_years"]\n', "did you mean contract_two_year?"),
        ("treatments/retention.toml", KEEP, f'{KEEP}requires = ["keep_price"]\n', "it names itself"),
        ("treatments/retention.toml", KEEP, f'{KEEP}follows = {{ after = "nothing" }}\n', "nothing is called nothing"),
        ("treatments/retention.toml", KEEP, f'{KEEP}bundle = ["contract_two_year"]\n', "the bundle by a case: one of them would not be done"),
        ("treatments/retention.toml", KEEP, f'{KEEP}use = [{{ budget = "technicians" }}]\n', "did you mean technician?"),
        ("treatments/retention.toml", KEEP, f'{KEEP}subject = "lines"\n', "did you mean line?"),
        ("treatments/retention.toml", "authority_high = 15", "authority_high = 99", "must lie between low and high"),
        ("treatments/service.toml", "line_dropped_calls_30d >= 4", "line_dropped_calls_30 >= 4", "did you mean line_dropped_calls_30d?"),
        ("holdings.toml", 'key = "dropped_calls_30d"', 'key = "x"', "nothing is called line_dropped_calls_30d"),
        ("matrix.toml", "next = { use = 0.6", "next = { use = 0.96", "sum to 1.06; at most 1 is allowed"),
        ("matrix.toml", "next = { use = 0.6", "next = { usage = 0.6", "usage is no stage"),
        ("matrix.toml", '("vulnerable" in protective)', '("vulnerable" in protectives)', "did you mean protective?"),
    ],
)  # fmt: skip
def test_what_points_at_nothing_or_contradicts_itself_is_told(
    pack: Path, file: str, old: str, new: str, said: str
) -> None:
    spoil(pack, file, old, new)
    told = [problem.message for problem in check_pack(pack)]
    assert any(said in message for message in told), told


def test_a_bundle_that_leaves_a_part_undone_is_told(pack: Path) -> None:
    spoil(
        pack,
        "treatments/sales.toml",
        'key = "device_protection"\n',
        'key = "device_protection"\nbundle = ["online_backup"]\n',
    )
    told = [problem.message for problem in check_pack(pack)]
    assert "its fulfilment leaves out online_backup, which online_backup changes" in told


def _scripted(pack: Path, more: str) -> list[str]:
    """What the check says once this stands in the script of the first treatment."""
    path = pack / "treatments/retention.toml"
    at = (text := path.read_text()).index('[[treatment.phone.answer]]\nsaid = "Yes, please"')
    path.write_text(text[:at] + more + "\n\n" + text[at:])
    return [p.message for p in check_pack(pack)]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('[[treatment.phone.answer]]\nsaid = "Hm"', "leads to nothing"),
        ('[[treatment.phone.answer]]\nsaid = "Hm"\nact = "decline"', "its reason is one of"),
        ('[[treatment.phone.answer]]\nsaid = "Hm"\nact = "decline"\nreason = "weather"', "its reason is one of"),
        ('[[treatment.phone.answer]]\nsaid = "Hm"\nact = "defer"\nreason = "never"', 'belongs to act = "decline"'),
        ('[[treatment.phone.answer]]\nsaid = "yes, PLEASE"\nact = "accept"', "stands twice"),
        (
            '[[treatment.phone.answer]]\nsaid = "Hm"\nact = "accept"\n'
            '[[treatment.phone.answer.answer]]\nsaid = "A"\nact = "accept"',
            "ends with an act",
        ),
        ('[[treatment.phone.answer]]\nsaid = "Hm"\nsay = "It is {prize}."', "{prize} is no term"),
        ('[[treatment.phone.objection]]\nsaid = "Hm"\nsay = "{prize}"', "{prize} is no term"),
        ('[[treatment.phone.answer]]\nsaid = "Hm"\nact = "run"', "'accept', 'decline' or 'defer'"),
    ],
)
def test_a_script_that_leads_nowhere_or_names_nothing_is_told(pack: Path, more: str, said: str) -> None:
    assert any(said in message for message in _scripted(pack, more)), _scripted


@pytest.mark.parametrize("fact", ["leave_signals_60d", "plan_visits_60d", "visits_30d"])
def test_what_was_watched_online_is_never_quoted_in_a_script(pack: Path, fact: str) -> None:
    """Not in the first words, not in an answer or an objection, and not by way of a term."""
    for more in (
        f'[[treatment.phone.answer]]\nsaid = "Hm"\nsay = "I see {{{fact}}} looks."',
        f'[[treatment.phone.objection]]\nsaid = "Hm"\nsay = "I see {{{fact}}} looks."',
    ):
        path = pack / "treatments/retention.toml"
        before = path.read_text()
        assert any("watching the customer online" in message for message in _scripted(pack, more))
        path.write_text(before)
    spoil(pack, "treatments/retention.toml", 'script = "', f'script = "You looked {{{fact}}} times. ')
    assert any("watching the customer online" in p.message for p in check_pack(pack))


def test_a_term_made_of_what_was_watched_is_not_quoted_either(pack: Path) -> None:
    spoil(
        pack,
        "treatments/retention.toml",
        'value = "monthly_charges * 0.92"',
        'value = "monthly_charges - double(plan_visits_60d)"',
    )
    assert any("{new_price} comes of watching" in p.message for p in check_pack(pack))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('teams = ["confidential"]', 'teams = ["nobody"]', "nobody is no team of cases.toml"),
        ('teams = ["confidential"]', "teams = []", "at least 1 item"),
        ('rule = "works_here"', 'rule = "works_heer"', "nothing is called works_heer"),
    ],
)
def test_a_group_that_nobody_could_open_or_whose_rule_reads_nothing_is_told(
    pack: Path, old: str, new: str, message: str
) -> None:
    spoil(pack, "pack.toml", old, new)
    assert any(message in problem.message for problem in check_pack(pack))


def test_a_group_may_read_segments_protective_states_and_kinds_of_holding(pack: Path) -> None:
    rule = '"long_standing" in segments || "bereaved" in protective || "line" in holdings'
    spoil(pack, "pack.toml", 'rule = "works_here"', f"rule = '{rule}'")
    assert [problem for problem in check_pack(pack) if problem.file == "pack.toml"] == []
