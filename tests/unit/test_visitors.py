"""Who stands at the door: networks and devices as they are counted and named."""

import pytest

from backend.entering.visitors import UNKNOWN, network_of, visitor, words_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("nonsense", ""),
        ("", ""),
    ],
)
def test_an_address_counts_for_all_that_one_party_holds(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("curl/8", UNKNOWN),
        ("", UNKNOWN),
    ],
)  # fmt: skip
def test_a_device_is_named_as_its_owner_would(agent: str, words: str) -> None:
    assert words_of(agent) == words


def test_a_key_differs_by_each_of_its_parts_and_by_the_secret() -> None:
    one, other = visitor("192.0.2.1", "", "", b"a"), visitor("192.0.2.1", "", "", b"b")
    assert len({one.key("a", "b"), one.key("ab"), one.key("b", "a"), other.key("a", "b")}) == 4
    assert "secret" not in repr(one)
