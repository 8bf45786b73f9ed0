"""Whose word counts for the address that a request comes from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.services.client_address import client_address
from bot.settings import Settings

PROXIES = "10.0.0.0/8, 192.0.2.1, ::1"


@pytest.mark.parametrize(
    ("peer", "header", "address"),
    [
        ("203.0.113.5", "", "203.0.113.5"),
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
        ("10.0.0.2", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", "198.51.100.1, 10.0.0.3", "198.51.100.1"),
        ("10.0.0.2", "1.1.1.1, 198.51.100.1, 192.0.2.1", "198.51.100.1"),
        ("::ffff:10.0.0.2", "198.51.100.1", "198.51.100.1"),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.2", "", "10.0.0.2"),
        ("10.0.0.2", "unknown", "10.0.0.2"),
        ("10.0.0.2", "198.51.100.1, nonsense", "10.0.0.2"),
        ("a-socket", "198.51.100.1", "a-socket"),
        (None, "198.51.100.1", None),
    ],
)
def test_only_a_trusted_proxys_word_counts(
    peer: str | None, header: str, address: str | None
) -> None:
    assert client_address(peer, header, PROXIES) == address


@given(st.text(max_size=80))
def test_whatever_is_forged_without_a_proxy_changes_nothing(header: str) -> None:
    assert client_address("203.0.113.5", header, PROXIES) == "203.0.113.5"
    assert client_address("10.0.0.2", header, "") == "10.0.0.2"


@given(st.text(max_size=80))
def test_what_is_put_in_front_of_a_proxys_own_word_changes_nothing(forged: str) -> None:
    assert client_address("10.0.0.2", f"{forged}, 198.51.100.1", PROXIES) == "198.51.100.1"


def test_a_setting_that_names_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match="give addresses or networks"):
        Settings(trusted_proxies="10.0.0.2; somewhere")
