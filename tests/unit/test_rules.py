"""Rules: what is refused at authoring time, in words that help, and what happens to a rule that fails for one customer."""

import pytest

from backend.rules.service import Context, Name, RuleError, RuleFailed, compiled, lint

NAMES = {
    "tenure": Name("int"),
    "monthly": Name("number"),
    "fibre": Name("bool"),
    "contract": Name("choice", ("monthly", "yearly")),
    "name_on_bill": Name("text"),
    "declined": Name("list"),
    "today": Name("date"),
    "age": Name("int"),
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("true", "bool"),
        ('tenure >= 12 && contract == "yearly"', "bool"),
        ('"films" in declined', "bool"),
        ("monthly * 0.3 + double(tenure)", "number"),
        ("least(2.0 * monthly, 25.0)", "number"),
        ("12", "number"),
        ('fibre ? "fast" : "slow"', "text"),
        ('today > "2026-01-01"', "bool"),
        ('contract in ["monthly", "yearly"]', "bool"),
    ],
)
def test_a_rule_that_is_well_has_nothing_said_about_it(text: str, wanted: str) -> None:
    assert lint(text, NAMES, wanted) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "wanted", "said"),
    [
        ("tenur > 3", "bool", "nothing is called tenur; did you mean tenure?"),
        ("xyzzy > 3", "bool", "nothing is called xyzzy"),
        ('contract == "yearli"', "bool", 'contract is never "yearli"; did you mean "yearly"?'),
        ('contract in ["monthly", "weekly"]', "bool", 'contract is never "weekly"'),
        ('contract == "zzz"', "bool", "it is one of monthly, yearly"),
        ("tenure * 1.5", "number", "does not work out"),
        ("tenure > ", "bool", "does not parse"),
        ("tenure", "bool", "not true or false"),
        ("fibre", "number", "not a number"),
        ("declined", "text", "gives neither"),
        ("fibre && tenure + monthly > 3.0", "bool", "does not work out"),
        ("now() > 3", "bool", "there is no function now"),
        ("", "bool", "is empty"),
        ("tenure > 3 && " * 90 + "fibre", "bool", "at most 1000 are allowed"),
        ("(" * 17 + "fibre" + ")" * 17, "bool", "nested 17 deep"),
        (f"tenure in [{','.join(['7'] * 101)}]", "bool", "a list of more than 100 elements"),
        ("declined.exists(a, declined.exists(b, declined.exists(c, a == b)))", "bool", "more than 2 times"),
    ],
)
def test_a_rule_that_is_wrong_is_told_to_its_author(text: str, wanted: str, said: str) -> None:
    found = lint(text, NAMES, wanted)  # type: ignore[arg-type]
    assert any(said in message for message in found), found


def test_a_name_that_may_not_stand_here_is_said_with_the_reason() -> None:
    assert lint("age > 60 && fibre", NAMES, "bool", {"age": "it is protected"}) == [
        "age may not stand here: it is protected"
    ]
    assert lint("fibre", NAMES, "bool", {"age": "it is protected"}) == []


def test_brackets_inside_a_text_do_not_count_as_depth() -> None:
    assert lint(f'name_on_bill == "{"(" * 40}"', NAMES, "bool") == []


@pytest.mark.parametrize(
    "text", ["__import__('os').system('true')", "().__class__", "lambda: 3", "open('/etc/passwd')"]
)
def test_text_is_never_run_as_python(text: str) -> None:
    assert lint(text, NAMES, "bool") != []


def test_a_text_that_is_no_rule_does_not_compile() -> None:
    with pytest.raises(RuleError, match="does not parse"):
        compiled("tenure >>> 3")


@pytest.mark.parametrize(
    ("text", "ask"),
    [
        ("missing > 3", "test"),
        ("10 / (tenure - 5) > 1", "test"),
        ("tenure", "test"),
        ("1.0 / (monthly - monthly)", "number"),
        ("fibre", "number"),
    ],
)
def test_a_rule_without_an_answer_for_this_customer_says_so(text: str, ask: str) -> None:
    context = Context({"tenure": 5, "monthly": 9.5, "fibre": True})
    with pytest.raises(RuleFailed):
        getattr(compiled(text), ask)(context)


def test_what_a_rule_saw_is_kept_as_evidence() -> None:
    context = Context({"tenure": 5, "fibre": True, "monthly": 2.0})
    assert context.seen_by(compiled("tenure > 3 || fibre")) == {"fibre": True, "tenure": 5}


def test_only_names_that_are_needed_are_converted_and_the_rest_is_unknown_to_rules() -> None:
    context = Context({"tenure": 5, "fibre": True}, needed={"tenure", "absent"})
    assert compiled("tenure == 5").test(context)
    with pytest.raises(RuleFailed):
        compiled("fibre").test(context)
