"""Mappings: checked data that names its faults; cells of every kind as values, and values as cells."""

import math
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.loading import check_mappings, converting
from backend.matrix.service import FileMapping, check_mapping, folder_of, load_pack, mapping_of

PACK = load_pack(folder_of("telecom"))
NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
NUMBER = '[[column]]\ncolumn = "nr"\nto = "number"\n'
NAME = '[[column]]\ncolumn = "name"\nto = "name"\n'


def mapping(head: str = "", columns: str = NUMBER + NAME) -> FileMapping:
    return mapping_of("own.toml", f'source = "own"\n{head}\n{columns}')


def test_the_packs_own_mappings_are_in_order() -> None:
    folder = folder_of("telecom")
    assert check_mappings(folder, PACK) == []
    plain = mapping_of("customers.toml", (folder / "mappings" / "customers.toml").read_text())
    named = {column.attribute for column in plain.column} | {"birth_date"}
    assert named - {""} == set(PACK.attributes), "what is exported is every attribute"


@pytest.mark.parametrize(
    ("text", "line", "rule", "says"),
    [
        ('\nsource = own', 2, "toml", "line 2"),
        (f'{NUMBER}{NAME}', 1, "source", "Field required"),
        (f'source = "own"\nparts = 1\n{NUMBER}{NAME}', 2, "parts", "Extra inputs"),
        (f'source = "own"\npart = "people"\n{NUMBER}{NAME}', 2, "part", "Input should be"),
        (f'source = "own"\ndates = ["%d.%m"]\n{NUMBER}{NAME}', 2, "dates", "is no form of a date"),
        (f'source = "own"\ntimezone = "Mars"\n{NUMBER}{NAME}', 2, "timezone", "Mars is no time zone"),
        (f'source = "own"\n{NAME}', 1, "part", "a file of customers needs a column to number"),
        (f'source = "own"\n{NUMBER}{NAME}{NUMBER}', 10, "column.2.to", "number stands twice"),
        (f'source = "own"\n{NUMBER}{NAME}[[column]]\ncolumn = "x"\n', 8, "column.2", "says one thing"),
        (f'source = "own"\n{NUMBER}{NAME}[[column]]\ncolumn = "x"\nattribute = "contract"\nfact = "joined"', 8, "column.2", "says one thing"),
        (f'source = "own"\n{NUMBER}{NAME}[[column]]\nto = "phone"\n', 8, "column.2", "either column or columns"),
        (f'source = "own"\n{NUMBER}{NAME}[[column]]\ncolumn = "x"\nattribute = "size"', 10, "column.2.attribute", "nothing is called size"),
        (f'source = "own"\n{NUMBER}{NAME}[[column]]\ncolumn = "x"\nattribute = "contract"\nwords = {{ a = "Ever" }}', 11, "column.2.attribute", 'contract is never "Ever"'),
        (f'source = "own"\n{NUMBER}{NAME}[[column]]\ncolumn = "x"\nfact = "mood"', 10, "column.2.fact", "no fact of the pack keeps mood"),
        (f'source = "own"\n{NUMBER}{NAME}[[column]]\ncolumn = "x"\nconsent = "spam/email"', 10, "column.2.consent", "spam is no purpose"),
        (f'source = "own"\n{NUMBER}{NAME}[[column]]\ncolumn = "x"\nto = "at"', 10, "column.2.to", "a file of customers has no at"),
        (f'source = "own"\n{NUMBER}{NAME}[[column]]\ncolumn = "x"\ndata = "subject"', 10, "column.2.data", "a file of customers brings no data"),
        (f'source = "own"\nkind = "line"\n{NUMBER}{NAME}', 1, "kind", "a file of customers has no kind"),
        (f'source = "own"\npart = "events"\n{NUMBER}', 1, "part", "needs a column to at"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_file_line_and_key(text: str, line: int, rule: str, says: str) -> None:
    found = check_mapping("mappings/own.toml", text, PACK)
    assert [(p.file, p.line, p.rule) for p in found if says in p.message] == [("mappings/own.toml", line, rule)], found


GERMAN = mapping(
    'decimal = ","\ndates = ["DD.MM.YYYY", "DD/MM/YY"]\ninstants = ["DD.MM.YYYY HH:mm"]\nyes = ["ja"]\nno = ["nein"]'
)
PLAIN = mapping()


@pytest.mark.parametrize(
    ("cell", "how", "value"),
    [
        ("12", PLAIN, 12), ("12.50", PLAIN, 12.5), ("1,234.5", PLAIN, 1234.5), ("1,234,567", PLAIN, 1234567),
        ("1.234,5", GERMAN, 1234.5), ("12,5", GERMAN, 12.5), ("1.234", GERMAN, 1234), ("1 234,5", GERMAN, 1234.5),
        ("12.5", GERMAN, 12.5), ("1.5e-07", PLAIN, 1.5e-07),
        ("1,23", PLAIN, None), ("1.23.4", GERMAN, None), ("-1", PLAIN, None), ("nan", PLAIN, None), ("inf", PLAIN, None),
        ("1e99", PLAIN, None), ("1_000", PLAIN, None), ("", PLAIN, None), ("٣", PLAIN, None), ("0x1F", PLAIN, None),
        ("12,345", GERMAN, 12.345), ("1.2345", GERMAN, 1.2345), ("=1+1", PLAIN, None), ("1,2,3", PLAIN, None),
    ],
)  # fmt: skip
def test_numbers_are_read_as_the_mapping_writes_them(cell: str, how: FileMapping, value: float | None) -> None:
    if value is None:
        with pytest.raises(ValueError, match="is not a number of 0 or more"):
            converting.number(cell, how)
    else:
        assert converting.number(cell, how) == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("03.04.1980", date(1980, 4, 3)), ("03/04/80", date(1980, 4, 3)), ("1980-04-03", date(1980, 4, 3)),
        ("1980-04-03T10:00:00", date(1980, 4, 3)), ("31.02.1980", None), ("04.1980", None), ("1780-04-03", None),
        ("1980-04-03x", None), ("", None), ("29.02.2023", None), ("19800403", None),
    ],
)  # fmt: skip
def test_days_are_read_as_the_mapping_writes_them_or_as_iso_has_them(cell: str, value: date | None) -> None:
    if value is None:
        with pytest.raises(ValueError, match=r"is no date such as DD\.MM\.YYYY or DD/MM/YY"):
            converting.day(cell, GERMAN)
    else:
        assert converting.day(cell, GERMAN) == value


@pytest.mark.parametrize(
    ("cell", "zone", "value"),
    [
        ("01.07.2026 12:00", "Europe/Berlin", "2026-07-01T10:00:00+00:00"),
        ("2026-07-01 12:00", "America/Los_Angeles", "2026-07-01T19:00:00+00:00"),
        ("2026-07-01T12:00:00+02:00", "America/Los_Angeles", "2026-07-01T10:00:00+00:00"),
        ("01.07.2026", "Europe/Berlin", "2026-07-01T10:00:00+00:00"),
        ("2026-11-24 12:00", "UTC", "lies in the future"),
        ("1969-01-01 12:00", "UTC", "lies before 1970"),
        ("soon", "UTC", "is no instant such as DD.MM.YYYY HH:mm"),
        ("0001-01-01 00:00", "Asia/Tokyo", "lies before 1970"),
    ],
)
def test_instants_without_a_zone_are_meant_in_the_mappings(cell: str, zone: str, value: str) -> None:
    try:
        found = converting.instant(cell, GERMAN, ZoneInfo(zone), NOW).isoformat()
    except ValueError as why:
        found = str(why)
    except OverflowError:
        found = "lies before 1970"
    assert found == value


@pytest.mark.parametrize("cell", ["#REF!", "#DIV/0!", "x" * 501, "a\x07b"])
def test_a_cell_that_holds_no_value_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match=r"is a fault|is longer|cannot be printed"):
        converting.text_of(cell, PLAIN)


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C",)), max_size=40).map(str.strip))
@example("#NUM!")
@example("'#NUM!")
def test_guarded_text_comes_back_as_it_was_and_is_never_a_formula(text: str) -> None:
    cell = converting.guard(text)
    assert not cell.startswith(("=", "+", "-", "@"))
    assert converting.text_of(cell, PLAIN) == text


@given(st.floats(min_value=0, max_value=1e9, exclude_max=True), st.sampled_from([PLAIN, GERMAN]))
def test_a_number_written_is_the_same_number_read(value: float, how: FileMapping) -> None:
    assert math.isclose(converting.number(converting.written(value, how), how), value, rel_tol=0, abs_tol=0)


@given(st.data(), st.sampled_from([PLAIN, GERMAN]))
def test_every_value_of_every_attribute_survives_the_way_out_and_back(data: st.DataObject, how: FileMapping) -> None:
    attribute = data.draw(st.sampled_from([*PACK.attributes.values()]))
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "bool": st.booleans(),
        "int": st.integers(0, 10**8),
        "number": st.floats(0, 1e8),
        "choice": st.sampled_from(attribute.choices or ("x",)),
        "date": st.dates(date(1900, 1, 1), date(2200, 12, 31)).map(date.isoformat),
        "text": st.from_regex(r"[=+\-@'a-z]{1,9}", fullmatch=True),
    }
    value = data.draw(kinds[attribute.type])
    cell = converting.text_of(converting.cell_of(value, attribute.type, how), how)
    assert converting.attribute(cell, attribute, how) == value
