"""Ids that sort by their making, and references that can be said aloud."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from shared.kernel import ids

AT = datetime(2026, 11, 22, 12, 0, 0, 5000, tzinfo=UTC)


def test_an_id_is_of_version_7_and_tells_its_millisecond() -> None:
    made = ids.uuid7(AT)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == round(AT.timestamp() * 1000)


def test_ids_of_one_process_grow_strictly() -> None:
    made = [ids.uuid7() for _ in range(20_000)]
    assert made == sorted(set(made))


def test_ids_of_many_threads_never_meet() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = [one for batch in pool.map(lambda _: [ids.uuid7() for _ in range(2_000)], range(8)) for one in batch]
    assert len(set(made)) == 16_000


def test_an_id_of_now_tells_the_time() -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    made = datetime.fromtimestamp((ids.uuid7().int >> 80) / 1000, UTC)
    assert before <= made <= datetime.now(UTC) + timedelta(milliseconds=50)


def test_a_seed_repeats_its_ids_and_references() -> None:
    first = [ids.uuid7(AT, random.Random(7)), ids.spoken_reference(random.Random(7))]
    assert first == [ids.uuid7(AT, random.Random(7)), ids.spoken_reference(random.Random(7))]
    assert ids.uuid7(AT, random.Random(8)) != first[0]


def test_later_instants_sort_later() -> None:
    chance = random.Random(1)
    made = [ids.uuid7(AT + timedelta(milliseconds=n), chance) for n in range(100)]
    assert made == sorted(made)


def test_a_reference_has_six_characters_that_nobody_mistakes() -> None:
    made = [ids.spoken_reference() for _ in range(2_000)]
    assert {len(one) for one in made} == {6}
    used = Counter("".join(made))
    assert not set(used) & set("01258BILOSUVZ")
    assert len(used) == len(ids.SPOKEN_ALPHABET) == len(set(ids.SPOKEN_ALPHABET))
