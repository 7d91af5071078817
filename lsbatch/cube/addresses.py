"""find_addresses: where a host really is, refused where that is a private network."""

import ipaddress
import socket

from lsbatch.cube.gate import LOOPBACK
from lsbatch.errors import ReadError

_WRAPPERS = (
    (ipaddress.ip_network("64:ff9b::/96"), 0),
    (ipaddress.ip_network("2002::/16"), 80),
)
"""IPv6 ranges that carry an IPv4 address, and how many bits lie behind it."""


def find_addresses(host: str, port: int, *, loopback: bool = False) -> tuple[str, ...]:
    """Addresses of a host, all of them public.

    Parameters
    ----------
    host : str
        Name, or an address.
    port : int
    loopback : bool
        Whether this machine itself is meant too, by its loopback names.

    Raises
    ------
    ReadError
        If it is not known, or one of its addresses is not of the public internet.
    OSError
        If the names cannot be asked at present.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise
        raise ReadError(f"host {host} is not known") from error
    except (UnicodeError, ValueError) as error:
        raise ReadError(f"{host[:100]!r} is not the name of a host") from error
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        allowed = loopback and host in LOOPBACK and ipaddress.ip_address(address).is_loopback
        if not allowed and not is_public(address):
            raise ReadError(f"host {host} is at {address}, an address of a private network")
    return addresses


def is_public(address: str) -> bool:
    """Whether an address belongs to the public internet, also the one inside an IPv6 address."""
    there = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(there, ipaddress.IPv6Address):
        if there.ipv4_mapped is not None:
            return is_public(str(there.ipv4_mapped))
        for network, bits in _WRAPPERS:
            if there in network:
                return is_public(str(ipaddress.IPv4Address(int(there) >> bits & 0xFFFFFFFF)))
    return there.is_global and not there.is_multicast
