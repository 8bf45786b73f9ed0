"""The address that a request comes from, behind the site's own proxies or without any.

Pure. Tries to sign in are counted by it (console), and tries at a record (the patient's page), so
what anybody may write into a header doesn't count: only a trusted proxy's word does.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def client_address(peer: str | None, forwarded_for: str, trusted: str) -> str | None:
    """Who asks.

    Args:
        peer: the other end of the connection; None: not known.
        forwarded_for: the header X-Forwarded-For, "" without one: each proxy adds at its end the
            address that it was asked by.
        trusted: addresses and networks of our proxies, with commas between them.

    >>> client_address("10.0.0.2", "6.6.6.6, 192.0.2.7", "10.0.0.0/8")
    '192.0.2.7'
    >>> client_address("192.0.2.7", "6.6.6.6", "10.0.0.0/8")
    '192.0.2.7'
    """
    networks = _networks_of(trusted)
    found = peer
    for hop in reversed([part.strip() for part in forwarded_for.split(",")]):
        if not _is_of(found, networks) or not _is_address(hop):
            break
        found = hop
    return found


@lru_cache(maxsize=8)
def _networks_of(trusted: str) -> tuple[Network, ...]:
    return tuple(ip_network(part.strip()) for part in trusted.split(",") if part.strip())


def _is_of(address: str | None, networks: tuple[Network, ...]) -> bool:
    if address is None or not _is_address(address):
        return False
    known = ip_address(address)
    plain = getattr(known, "ipv4_mapped", None) or known
    return any(plain in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
