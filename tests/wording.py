"""The sentences that customers read, as they stand in code and templates; run as a program, brings the catalogues up to date.

`make words` adds what is new, untranslated, to each `shared/languages/*.po`, and takes out what nobody says any more.
"""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
CATALOGUES = ROOT / "shared" / "languages"
CODE = ("selfservice_ui", "shared", "backend")
TEMPLATES = ("selfservice_ui/templates", "shared/ui/templates")
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "noted": None, "lazy_gettext": None}

# Without dates and names, which only differ from one hand to the next.
HEADER = """msgid ""
msgstr ""
"Project-Id-Version: Evenhand\\n"
"Language: {language}\\n"
"Plural-Forms: {plurals}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def extracted() -> Catalog:
    """Every sentence marked for translation, with the files that say it."""
    found = Catalog(project="Evenhand", charset="utf-8")
    for folder, method, ending in (
        *((name, "python", "*.py") for name in CODE),
        *((name, "jinja2", "*.html") for name in TEMPLATES),
    ):
        for file in sorted((ROOT / folder).rglob(ending)):
            options = {"trimmed": "true", "silent": "false", "encoding": "utf-8"}
            for _line, message, _comments, context in extract_from_file(
                method, str(file), keywords=KEYWORDS, options=options
            ):
                found.add(message, context=context, locations=[(str(file.relative_to(ROOT)), 1)])
    return found


def kept(file: Path) -> Catalog:
    """The catalogue as it stands in the file."""
    with file.open("rb") as read:
        return read_po(read)


def main() -> None:
    template = extracted()
    for file in sorted(CATALOGUES.glob("*.po")):
        catalogue = kept(file)
        # No guesses: a sentence that changed is translated anew.
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        with file.open("wb") as write:
            write.write(HEADER.format(language=file.stem, plurals=catalogue.plural_forms).encode())
            write_po(write, catalogue, width=0, omit_header=True, include_lineno=False, ignore_obsolete=True)
        missing = [one.id for one in catalogue if one.id and not (one.string and all(one.string))]
        print(f"{file.name}: {len(catalogue)} sentences, {len(missing)} without translation")  # noqa: T201 (a program)


if __name__ == "__main__":
    main()
