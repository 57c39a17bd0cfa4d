"""How the columns of somebody else's file are read: a mapping is text of the pack, typed and checked like the rest. Pure.

A mapping is a TOML file: which system the file comes from (`source`), which part of the customers it tells of (`part`), how
it writes dates, numbers and truth, and a `[[column]]` for each column that is taken. Nothing in it is evaluated.
"""

from __future__ import annotations

import re
import tomllib
import zoneinfo
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from backend.matrix.checking import Problem, Source
from backend.matrix.parts import GROUP_KINDS, Key, Part
from backend.matrix.reading import PackError
from backend.matrix.types import Attribute, Pack
from shared.kernel.errors import NotFound

FOLDER = "mappings"
FileKind = Literal["customers", "attributes", "holdings", "consents", "events", "groups"]
"""What a file tells of: customers may be new; the other parts are of customers who are known, or in a file before it."""

_TARGETS: dict[str, frozenset[str]] = {
    "customers": frozenset({"number", "name", "phone", "email", "birth_date", "timezone", "language"}),
    "attributes": frozenset({"number", "name", "phone", "email", "birth_date", "timezone", "language"}),
    "holdings": frozenset({"number", "id", "kind", "label", "ended"}),
    "consents": frozenset({"number", "purpose", "channel", "granted", "at", "wording"}),
    "events": frozenset({"number", "id", "at", "kind", "channel", "actor"}),
    "groups": frozenset({"number", "id", "at", "kind", "name", "ended"}),
}
_NEEDED: dict[str, frozenset[str]] = {
    "customers": frozenset({"number", "name"}),
    "attributes": frozenset({"number"}),
    "holdings": frozenset({"number", "id", "kind"}),
    "consents": frozenset({"number", "purpose", "channel", "granted"}),
    "events": frozenset({"number", "at", "kind"}),
    "groups": frozenset({"number", "id"}),
}
_OTHERS: dict[str, frozenset[str]] = {
    "customers": frozenset({"attribute", "fact", "identifier", "consent"}),
    "attributes": frozenset({"attribute", "fact", "identifier", "consent"}),
    "holdings": frozenset({"attribute"}),
    "consents": frozenset(),
    "events": frozenset({"data"}),
    "groups": frozenset({"data"}),
}
"""What else a column of such a file may be."""
_FIXED: dict[str, tuple[str, ...]] = {
    "customers": ("wording",),
    "attributes": ("wording",),
    "holdings": ("kind",),
    "consents": ("purpose", "channel", "wording"),
    "events": ("kind", "channel"),
    "groups": ("kind",),
}
"""What a mapping may say once for the whole file, in place of a column."""
_TOKENS = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_TOKEN = re.compile("|".join(_TOKENS))
DataType = Literal["text", "int", "number", "bool", "date", "money"]


def strptime_form(written: str) -> str:
    """ "DD.MM.YYYY HH:mm" as Python writes it. Raises ValueError for anything else than its parts and what divides them."""
    rest = _TOKEN.sub("", written)
    if not _TOKEN.search(written) or re.search(r"[A-SU-Za-z0-9%]", rest):
        raise ValueError(f"{written} is no form of a date: it is made of {', '.join(_TOKENS)} and what stands between")
    return _TOKEN.sub(lambda found: _TOKENS[found.group()], written)


def _days(forms: tuple[str, ...]) -> tuple[str, ...]:
    for form in forms:
        strptime_form(form)
    return forms


Forms = tuple[str, ...]


class Column(Part):
    """A column of the file, by the name in its header, and what its cells say: exactly one of the targets.

    Several `columns` are joined with a space (first and last name). `words` puts ours in the place of the file's own.
    """

    column: str = ""
    columns: tuple[str, ...] = ()
    to: str = ""
    attribute: str = ""
    fact: str = ""
    identifier: Literal["", "external", "email", "phone", "cookie"] = ""
    consent: str = Field(default="", pattern=r"^$|^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$")
    data: str = Field(default="", pattern=r"^$|^[a-z][a-z0-9_]{0,59}$")
    type: DataType = "text"
    required: bool = False
    separator: str = Field(default="", max_length=3)
    words: Mapping[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_of_each(self) -> Column:
        if bool(self.column) == bool(self.columns):
            raise ValueError("names either column or columns")
        if sum(map(bool, (self.to, self.attribute, self.fact, self.identifier, self.consent, self.data))) != 1:
            raise ValueError("says one thing: to, attribute, fact, identifier, consent or data")
        if self.separator and not self.identifier:
            raise ValueError("separator is for identifiers alone")
        return self

    @property
    def headers(self) -> tuple[str, ...]:
        return self.columns or (self.column,)

    @property
    def target(self) -> str:
        """What it says, in one word that no other column of the mapping may say."""
        kind = next(k for k in ("to", "attribute", "fact", "identifier", "consent", "data") if getattr(self, k))
        named = str(getattr(self, kind))
        return named if kind == "to" else f"{kind}:{named}"


class Feeds(Part):
    """Which facts an event of the file counts for (`count`, by its day) and of which it is the latest date (`date`)."""

    count: tuple[Key, ...] = ()
    date: tuple[Key, ...] = ()


class FileMapping(Part):
    """How one system's file is read. `dates` and `instants` may always also be written as ISO 8601 has them.

    `guarded`: a leading apostrophe before = + - @ or another apostrophe is taken off, as our own export puts it there.
    """

    source: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,59}$")
    part: FileKind = "customers"
    label: str = ""
    encoding: Literal["utf-8", "cp1252", "latin-1", "utf-16"] = "utf-8"
    delimiter: Literal["", ",", ";", "\t", "|"] = ""
    sheet: str = ""
    decimal: Literal[".", ","] = "."
    dates: Annotated[Forms, Field(max_length=5)] = ()
    instants: Annotated[Forms, Field(max_length=5)] = ()
    timezone: str = ""
    yes: tuple[str, ...] = ("yes", "true", "1")
    no: tuple[str, ...] = ("no", "false", "0")
    guarded: bool = True
    kind: str = ""
    channel: str = ""
    purpose: str = ""
    wording: str = ""
    feeds: Feeds = Field(default_factory=Feeds)
    column: tuple[Column, ...] = Field(min_length=1)

    _forms = field_validator("dates", "instants")(_days)

    @field_validator("timezone")
    @classmethod
    def _zone(cls, given: str) -> str:
        if given and given not in zoneinfo.available_timezones():
            raise ValueError(f"{given} is no time zone")
        return given


def read_mapping(name: str, folder: Path) -> tuple[str, FileMapping]:
    """The text and the mapping of this name: one of the pack's (`crm`), or a file of one's own.

    Raises NotFound where there is none, and PackError, with the name of the file, for one that is no mapping.
    """
    for path in (folder / FOLDER / f"{name}.toml", Path(name)):
        if path.is_file():
            try:
                text = path.read_text(encoding="utf-8")
            except UnicodeDecodeError as e:
                raise PackError([((path.name,), str(e))]) from None
            return text, mapping_of(path.name, text)
    known = ", ".join(sorted(path.stem for path in (folder / FOLDER).glob("*.toml"))) or "none"
    raise NotFound(f"There is no mapping called {name}: the pack has {known}, and no file is called so.")


def mapping_of(file: str, text: str) -> FileMapping:
    """The mapping that this text is. Raises PackError naming file, table and key."""
    try:
        return FileMapping(**tomllib.loads(text))
    except ValidationError as e:
        raise PackError(
            [((file, *error["loc"]), error["msg"].removeprefix("Value error, ")) for error in e.errors()]
        ) from None
    except (ValueError, TypeError, RecursionError) as e:
        raise PackError([((file,), str(e))]) from None


def check_mapping(file: str, text: str, pack: Pack) -> list[Problem]:
    """All that is wrong with a mapping for this pack, with file and line."""
    source = Source.of({file: text})
    try:
        mapping = mapping_of(file, text)
    except PackError as e:
        return [_placed(path, message, source) for path, message in e.places]
    return [
        Problem(file, source.line(file, "column", nth, field) if nth >= 0 else 1, rule, message)
        for nth, field, rule, message in _faults(mapping, pack)
    ]


def _placed(path: tuple[str | int, ...], message: str, source: Source) -> Problem:
    file, *rest = map(str, path)
    if not rest:
        named = re.search(r"line (\d+)", message)
        return Problem(file, int(named.group(1)) if named else 1, "toml", message)
    if rest[0] == "column" and len(path) > 2 and isinstance(path[2], int):
        return Problem(file, source.line(file, "column", path[2], rest[-1]), ".".join(rest), message)
    key = re.compile(rf"\s*{re.escape(rest[0])}\s*=")
    line = next((n for n, text in enumerate(source.texts[file], 1) if key.match(text)), 1)
    return Problem(file, line, ".".join(rest), message)


def _faults(mapping: FileMapping, pack: Pack) -> Iterator[tuple[int, str, str, str]]:
    """(the column's place or -1, its field, its rule, what is wrong)."""
    part, seen = mapping.part, set[str]()
    for nth, column in enumerate(mapping.column):
        field = next(k for k in ("to", "attribute", "fact", "identifier", "consent", "data") if getattr(column, k))
        rule = f"column.{nth}.{field}"
        if column.target in seen:
            yield nth, field, rule, f"{column.target} stands twice in this mapping"
        seen.add(column.target)
        if field == "to" and column.to not in _TARGETS[part]:
            yield nth, field, rule, f"a file of {part} has no {column.to}; it has {', '.join(sorted(_TARGETS[part]))}"
        elif field != "to" and field not in _OTHERS[part]:
            yield nth, field, rule, f"a file of {part} brings no {field}"
        else:
            yield from ((nth, at, rule, message) for at, message in _target_faults(column, mapping, pack))
    fixed = {name for name in ("kind", "channel", "purpose", "wording") if getattr(mapping, name)}
    for name in sorted(fixed - set(_FIXED.get(part, ()))):
        yield -1, name, name, f"a file of {part} has no {name}"
    for name in sorted(fixed & seen):
        yield -1, name, name, f"{name} is said once for the file and by a column too"
    for name in sorted(_NEEDED[part] - seen - fixed):
        yield -1, "part", "part", f"a file of {part} needs a column to {name}"
    if part != "events" and (mapping.feeds.count or mapping.feeds.date):
        yield -1, "feeds", "feeds", "only events feed facts"
    if part == "groups" and mapping.kind and mapping.kind not in GROUP_KINDS:
        yield -1, "kind", "kind", f"{mapping.kind} is none of {', '.join(GROUP_KINDS)}"
    known = {fact.of for fact in pack.facts.values()}, {fact.since for fact in pack.facts.values()}
    for keys, having, how in ((mapping.feeds.count, known[0], "counts"), (mapping.feeds.date, known[1], "dates")):
        for key in keys:
            if key not in having:
                yield -1, "feeds", "feeds", f"no fact of the pack {how} {key}"
    if mapping.purpose and mapping.purpose not in {one.key for one in pack.purposes}:
        yield -1, "purpose", "purpose", f"{mapping.purpose} is no purpose of the pack"
    if mapping.channel and mapping.channel not in {one.key for one in pack.channels}:
        yield -1, "channel", "channel", f"{mapping.channel} is no channel of the pack"


def _target_faults(column: Column, mapping: FileMapping, pack: Pack) -> Iterator[tuple[str, str]]:
    """What is wrong with what the column says: (the field, the fault)."""
    if column.attribute:
        attribute = attribute_of(column.attribute, mapping, pack)
        if attribute is None:
            yield "attribute", f"nothing is called {column.attribute}"
        elif attribute.choices:
            for ours in sorted(set(column.words.values()) - set(attribute.choices)):
                yield "words", f'{column.attribute} is never "{ours}"'
    if column.fact and column.fact not in {named for f in pack.facts.values() for named in (f.value, f.since) if named}:
        yield "fact", f"no fact of the pack keeps {column.fact}"
    if column.consent:
        purpose, channel = column.consent.split("/")
        if purpose not in {one.key for one in pack.purposes}:
            yield "consent", f"{purpose} is no purpose of the pack"
        if channel not in {one.key for one in pack.channels}:
            yield "consent", f"{channel} is no channel of the pack"


def attribute_of(key: str, mapping: FileMapping, pack: Pack) -> Attribute | None:
    """The attribute that a column means: the customer's, or of the kind of holding that the file tells of."""
    if mapping.part != "holdings":
        return pack.attributes.get(key)
    kinds = [kind for kind in pack.holdings if mapping.kind in ("", kind.key)]
    return next((a for kind in kinds for a in kind.attribute if a.key == key), None)
