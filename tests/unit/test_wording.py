"""No sentence that customers read is without its translation, and each translation fits the sentence."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from backend.catalogue.service import check_texts
from backend.catalogue.wording import unfit_texts
from backend.knowledge import service as knowledge
from backend.matrix import reading_age, theming
from backend.matrix import service as matrix
from shared.kernel import languages
from shared.ui.languages import SCRIPTS_SAY
from tests import wording

FILES = sorted(wording.CATALOGUES.glob("*.po"))
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")
MARKUP = re.compile(r"<[^>]+>")
TEMPLATES = sorted((wording.ROOT / "selfservice_ui" / "templates").rglob("*.html"))
LOGICAL = (wording.ROOT / "shared/ui/static/evenhand.css", wording.ROOT / "selfservice_ui/static/portal.css")


def sentences(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def marks(text: str) -> set[str]:
    return {one or other for one, other in PLACEHOLDER.findall(text)}


@pytest.fixture(scope="module")
def said() -> Catalog:
    return wording.extracted()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_sentence_in_the_code_is_translated_and_none_besides(file: Path, said: Catalog) -> None:
    kept = wording.kept(file)
    written = {message.id: message for message in sentences(kept)}
    assert [one.id for one in sentences(said) if one.id not in written] == [], "make words, then translate these"
    assert [one for one in written if said.get(one) is None] == [], "nobody says these any more: make words"
    assert [one.id for one in written.values() if not all(forms(one.string)) or not one.string] == []
    assert [one.id for one in written.values() if one.fuzzy] == []
    assert not kept.obsolete


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_translation_has_the_placeholders_and_the_markup_of_its_sentence(file: Path) -> None:
    for message in sentences(wording.kept(file)):
        most = set().union(*map(marks, forms(message.id)))
        for said in forms(message.string):
            assert marks(said) <= most, message.id
            assert sorted(MARKUP.findall(said)) == sorted(MARKUP.findall(forms(message.id)[0])), message.id
        for own, other in zip(forms(message.id), forms(message.string), strict=True):
            # "1 day" may go without its number in some language; nothing else may be left out.
            assert marks(own) - {"num"} <= marks(other), message.id
        # A translation stands in attributes too, unescaped, as the sentences of our own do.
        plain = [MARKUP.sub("", said) for said in forms(message.string)]
        assert not [text for text in plain if '"' in text or "<" in text], message.id


def test_no_words_of_the_portals_pages_stand_outside_of_a_sentence() -> None:
    """What stands between tags, and what is said of pictures and parts, is marked for translation."""
    found = []
    for file in TEMPLATES:
        text = re.sub(
            r"\{#.*?#\}|\{% trans.*?\{% endtrans %\}|\{\{.*?\}\}|\{%.*?%\}", " ", file.read_text(), flags=re.DOTALL
        )
        between = [one for one in re.findall(r">([^<>]*)<", text) if re.search(r"[A-Za-z]{2}", one) and '="' not in one]
        spoken = re.findall(r'(?:aria-label|alt|title|placeholder)="([^"]*[A-Za-z]{2}[^"]*)"', text)
        found += [(file.name, one.strip()) for one in (*between, *spoken)]
    assert found == []


def test_only_what_a_template_says_itself_is_trusted_as_html() -> None:
    """`_` takes a sentence that stands in the template; what comes from elsewhere goes through the filter `translated`."""
    shared = sorted((wording.ROOT / "shared/ui/templates").rglob("*.html"))
    texts = [(file.name, file.read_text()) for file in (*TEMPLATES, *shared)]
    assert [
        (name, call) for name, text in texts for call in re.findall(r"""\b(?:_|gettext)\((?!["'])[^)]*\)""", text)
    ] == []


def test_no_words_of_the_portals_code_are_told_without_being_marked() -> None:
    """What is told after an act, and what a form is refused with, goes through gettext."""
    found = []
    code = sorted((wording.ROOT / "selfservice_ui").glob("*.py"))
    for file in code:
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            told = node.args[1:] if name == "tell" else node.args if name in ("Invalid", "Conflict", "_home") else []
            found += [f"{file.name}:{one.lineno}: {one.value}" for one in told if _is_sentence(one)]
    assert found == []


def _is_sentence(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip()


def test_what_our_scripts_say_to_customers_is_told_to_them_in_the_pages_language() -> None:
    scripts = [*(wording.ROOT / "shared/ui/static").glob("*.js"), wording.ROOT / "selfservice_ui/static/passkeys.js"]
    spoken = {text for file in scripts for text in re.findall(r'said\("([^"]+)"\)', file.read_text())}
    assert spoken == set(SCRIPTS_SAY)


def test_the_packs_texts_are_said_in_each_language_that_it_offers() -> None:
    texts = matrix.texts_of(matrix.folder_of("telecom"))
    assert unfit_texts(texts) == []


def test_an_edited_text_of_a_pack_is_said_as_it_is_written_and_warned_of() -> None:
    texts = matrix.texts_of(matrix.folder_of("telecom"))
    edited = texts | {"intents.toml": texts["intents.toml"].replace("My internet is slow", "My internet crawls")}
    missing = [problem for problem in unfit_texts(edited) if problem.message.startswith("not translated")]
    assert [problem.message for problem in missing] == ["not translated: My internet crawls"]
    pack = matrix.pack_from(matrix.body_of(edited))
    with languages.speaking("es-US"):
        assert pack.said("My internet crawls") == "My internet crawls"
        assert pack.said("I pay too much") == "Pago demasiado"
    assert pack.said("I pay too much") == "I pay too much"


def test_a_packs_catalogue_is_written_and_read_back_the_same() -> None:
    body = matrix.body_of(matrix.texts_of(matrix.folder_of("telecom")))
    assert matrix.body_of(matrix.texts_from(body))["languages"] == body["languages"]


def test_a_translation_with_another_placeholder_keeps_a_pack_from_being_published() -> None:
    texts = matrix.texts_of(matrix.folder_of("telecom"))
    spoilt = texts | {"languages/es.po": texts["languages/es.po"].replace("{credit} menos", "{kredit} menos", 1)}
    assert [problem.file for problem in check_texts(spoilt)] == ["languages/es.po"]


@pytest.mark.parametrize("file", LOGICAL, ids=lambda file: file.name)
def test_the_portals_style_sheets_know_no_left_and_right(file: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", file.read_text(), flags=re.DOTALL)
    physical = re.findall(
        r"(?:margin|padding|border)-(?:left|right)\b|text-align:\s*(?:left|right)|(?<![\w-])(?:left|right):(?!\s*50%)",
        text,
    )
    assert physical == []
    for four in re.findall(r"(?:margin|padding):\s*([^\s;]+) ([^\s;]+) ([^\s;]+) ([^\s;]+);", text):
        assert four[1] == four[3], f"{' '.join(four)}: another distance at the left than at the right"


def test_a_language_says_which_way_it_is_written() -> None:
    assert [languages.direction(tag) for tag in ("en", "es-US", "ar", "he", "not a tag")] == [
        "ltr",
        "ltr",
        "rtl",
        "rtl",
        "ltr",
    ]


def test_the_wanted_tag_is_found_among_the_offered_by_language_and_region() -> None:
    offered = ("en", "es-US", "es")
    assert languages.chosen_of(offered, "es") == "es"
    assert languages.chosen_of(offered, "es-MX") == "es-US"
    assert languages.chosen_of(offered, "fr") is None
    assert languages.heard("fr") == "en"


def test_the_formulas_of_reading_ease_give_what_their_authors_say() -> None:
    assert reading_age.counted("The cat sat on the mat.", "en") == (6, 6, 1)
    assert reading_age.grade(6, 6, 1) == pytest.approx(-1.45)
    assert reading_age.counted("El perro corre. La niña lee cuentos.", "es") == (7, 12, 2)
    assert reading_age.perspicuity(100, 200, 10) == pytest.approx(206.835 - 124.6 - 10)
    for word, syllables in {"queja": 2, "guía": 2, "ciudad": 2, "aéreo": 4, "hacia": 2, "leer": 2, "dígame": 3}.items():
        assert reading_age.counted(word, "es")[1] == syllables, word
    for word, syllables in {"made": 1, "people": 2, "agreed": 2, "changes": 2, "stopped": 1, "telephone": 3}.items():
        assert reading_age.counted(word, "en")[1] == syllables, word


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_the_product_says_is_easy_to_read_in_each_language(file: Path) -> None:
    hard = []
    for message in sentences(wording.kept(file)):
        told = [*((text, "en") for text in forms(message.id)), *((text, file.stem) for text in forms(message.string))]
        hard += [f"{why}: {text}" for text, tag in told if (why := reading_age.too_hard(text, tag))]
    assert hard == []


def test_each_public_article_is_easy_to_read_and_there_is_one_of_it_in_each_language() -> None:
    folder = matrix.folder_of("telecom")
    articles, _ = knowledge.read_articles(folder, matrix.load_pack(folder))
    assert knowledge.hard_to_read(articles) == []
    public = [one for one in articles if one.audience == "public"]
    by_language = {
        tag: sorted((one.stages, one.intents) for one in public if one.language == tag) for tag in ("en", "es")
    }
    assert by_language["en"] == by_language["es"]


def test_a_text_that_only_lawyers_read_is_warned_of() -> None:
    texts = matrix.texts_of(matrix.folder_of("telecom"))
    hard = (
        "Notwithstanding any preceding determination, subscribers relinquishing contractual entitlements prematurely "
        "acknowledge proportionate reimbursement obligations regarding previously accumulated promotional reductions, whichever circumstances occasioned the termination."
    )
    spoilt = texts | {
        "pack.toml": texts["pack.toml"].replace("You may tell me about offers and news that fit me.", hard)
    }
    assert [one for one in unfit_texts(spoilt) if "Flesch-Kincaid" in one.message]


THEME = {
    "accent": "#7a2048", "accent_hover": "#5f1838", "accent_ink": "#ffffff", "accent_soft": "#f9e9f0",
    "accent_line": "#e0b3c6", "accent_text": "#7a2048",
}  # fmt: skip
DARK = {
    "accent": "#f090b8", "accent_hover": "#f5a8c8", "accent_ink": "#2a0818", "accent_soft": "#3a1526",
    "accent_line": "#7a2f50", "accent_text": "#f5a8c8",
}  # fmt: skip


def test_the_contrast_of_a_packs_colours_is_measured_as_the_standard_says() -> None:
    assert theming.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theming.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    theme = theming.Theme(name="Northline", light=theming.Colours(**THEME), dark=theming.Colours(**DARK))
    assert list(theming.theme_faults(theme)) == []
    pale = theme.model_copy(update={"light": theming.Colours(**{**THEME, "accent": "#d9a0b8"})})
    assert {place for place, _ in theming.theme_faults(pale)} == {"theme.light"}
    assert "--accent: #7a2048;" in theme.style_sheet()
    own = (wording.ROOT / "shared/ui/static/evenhand.css").read_text()
    for mode in theming.GROUNDS.values():
        assert [name for name, value in mode.items() if f"--{name}: {value};" not in own] == []


def test_a_theme_without_contrast_and_a_logo_that_acts_keep_a_pack_from_being_published() -> None:
    texts = matrix.texts_of(matrix.folder_of("telecom"))
    pale = texts | {"pack.toml": texts["pack.toml"].replace('accent_text = "#0a635c"', 'accent_text = "#9adcd4"')}
    assert {problem.rule for problem in check_texts(pale)} == {"theme.light"}
    acting = texts | {"logo.svg": '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'}
    assert [problem.file for problem in check_texts(acting)] == ["logo.svg"]
    drawn = texts | {"logo.svg": '<svg xmlns="http://www.w3.org/2000/svg"><circle r="4"/></svg>'}
    assert check_texts(drawn) == []
    assert matrix.texts_from(matrix.body_of(drawn))["logo.svg"] == drawn["logo.svg"]
