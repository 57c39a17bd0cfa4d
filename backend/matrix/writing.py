"""A pack's body written as text files again: read back, they give an equal body."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from backend.matrix.reading import LOGO, Body

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def texts_from(body: Body) -> dict[str, str]:
    """The files of a body by their paths, as `texts_of` would read them."""
    files = {
        f"{stem}.toml": text_of(content)
        for stem, content in body.items()
        if stem not in ("treatments", "languages", "logo")
    }
    files |= {f"treatments/{stem}.toml": text_of(content) for stem, content in body.get("treatments", {}).items()}
    files |= {f"languages/{stem}.po": catalogue_text(stem, said) for stem, said in body.get("languages", {}).items()}
    files |= {LOGO: body["logo"]["svg"]} if "logo" in body else {}
    return dict(sorted(files.items()))


def catalogue_text(language: str, sentences: Mapping[str, str]) -> str:
    """The translations as a .po file."""
    head = f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    told = (f"\nmsgid {_text(english)}\nmsgstr {_text(said)}\n" for english, said in sentences.items())
    return head + "".join(told)


def text_of(content: Mapping[str, Any]) -> str:
    """The content as TOML. Values are what JSON has, without null."""
    return "\n".join(_table(content, "")).strip("\n") + "\n"


def _table(content: Mapping[str, Any], path: str) -> Iterator[str]:
    lists = {key: value for key, value in content.items() if _is_list_of_tables(value)}
    tables = {key: value for key, value in content.items() if isinstance(value, Mapping) and _holds_tables(value)}
    for key, value in content.items():
        if key not in lists and key not in tables:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in tables.items():
        yield ""
        yield f"[{path}{_key(key)}]"
        yield from _table(value, f"{path}{_key(key)}.")
    for key, items in lists.items():
        for item in items:
            yield ""
            yield f"[[{path}{_key(key)}]]"
            yield from _table(item, f"{path}{_key(key)}.")


def _is_list_of_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _holds_tables(value: Mapping[str, Any]) -> bool:
    """Whether it is long enough for a table of its own: one line is easier to read for a few numbers."""
    return any(isinstance(v, (Mapping, list)) or (isinstance(v, str) and len(v) > 20) for v in value.values())


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(v)}" for key, v in value.items()) + " }" if value else "{}"
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return _text(str(value))


def _text(text: str) -> str:
    # JSON's escapes are TOML's; the one character that JSON leaves and TOML forbids is the delete.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
