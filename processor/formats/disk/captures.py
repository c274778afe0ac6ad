"""Captured packets: pcap and pcapng, of either byte order, and the UDP datagrams in them (Ethernet, VLAN, IPv4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from processor.with_numba import njit

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Bytes: TypeAlias = NDArray[np.uint8]
    Ints: TypeAlias = NDArray[np.int64]

_PCAP_MAGICS: Final = (0xA1B2C3D4, 0xA1B23C4D)
"""The magic numbers of files with times in microseconds and in nanoseconds."""
_PCAP_HEADER_BYTES: Final = 24
_PCAP_LINK_AT: Final = 20
_PCAP_RECORD_BYTES: Final = 16
_PCAPNG_MAGIC: Final = b"\n\r\r\n"
_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET = 0x0A0D0D0A, 1, 2, 3, 6
_ORDER_MAGIC: Final = 0x1A2B3C4D
_BLOCK_BYTES: Final = 12
_SHORTEST_PACKET: Final = 16
_LONGEST: Final = 1 << 24
"""A packet or block of this length or more has a damaged length."""

_ETHERNET: Final = 1
_ETHERNET_BYTES: Final = 14
_VLANS: Final = (0x8100, 0x88A8, 0x9100)
_VLAN_BYTES: Final = 4
_IPV4: Final = 0x0800
_IPV4_BYTES: Final = 20
_UDP: Final = 17
_UDP_BYTES: Final = 8
_FRAGMENT: Final = 0x3FFF
"""The bits that say that more fragments follow, or that this is not the first fragment."""

_STATE_BEFORE_LINKS: Final = 3
_INTERFACES: Final = 64


class Capture:
    """A capture whose packets are found block by block; the first record is at `start`."""

    def __init__(self, *, start: int, blocks: bool, big: bool, link: int) -> None:
        self.start = start
        self._state = np.zeros(_STATE_BEFORE_LINKS + _INTERFACES, np.int64)
        """Whether it is pcapng, whether big-endian, how many interfaces there are; then the link type of each."""
        self._state[:_STATE_BEFORE_LINKS] = blocks, big, 1
        self._state[_STATE_BEFORE_LINKS] = link

    @classmethod
    def of(cls, head: bytes) -> Capture | None:
        """The capture that starts with `head`; None if `head` is not the start of a capture."""
        if head.startswith(_PCAPNG_MAGIC):
            return cls(start=0, blocks=True, big=False, link=_ETHERNET)
        if len(head) < _PCAP_HEADER_BYTES:
            return None
        orders: tuple[Literal["little", "big"], ...] = ("little", "big")
        for order in orders:
            if int.from_bytes(head[:4], order) in _PCAP_MAGICS:
                link = int.from_bytes(head[_PCAP_LINK_AT : _PCAP_LINK_AT + 4], order) & 0xFFFF
                return cls(start=_PCAP_HEADER_BYTES, blocks=False, big=order == "big", link=link)
        return None

    def packets(self, content: Bytes) -> tuple[Ints, Ints, int, bool]:
        """Starts and lengths of the next whole packets, the end of the last record, and whether the next is damaged.

        Packets of other links than Ethernet have a length of 0.
        """
        room = len(content) // _SHORTEST_PACKET + 1
        starts, lengths = np.empty(room, np.int64), np.empty(room, np.int64)
        count, end, damaged = _packets(content, self._state, starts, lengths)
        return starts[:count], lengths[:count], end, damaged


@njit(inline="always")
def big_endian(content: Bytes, at: int, bytes_: int) -> int:
    """A number of `bytes_` bytes, highest byte first."""
    number = 0
    for place in range(at, at + bytes_):
        number = (number << 8) | int(content[place])
    return number


@njit(inline="always")
def little_endian(content: Bytes, at: int, bytes_: int) -> int:
    """A number of `bytes_` bytes, lowest byte first."""
    number = 0
    for place in range(at + bytes_ - 1, at - 1, -1):
        number = (number << 8) | int(content[place])
    return number


@njit(inline="always")
def _number(content: Bytes, at: int, bytes_: int, big: int) -> int:
    return big_endian(content, at, bytes_) if big else little_endian(content, at, bytes_)


@njit(cache=True, nogil=True)
def _packets(content: Bytes, state: Ints, starts: Ints, lengths: Ints) -> tuple[int, int, bool]:
    """Fill `starts` and `lengths`; returns the packets, the end of the last record, and whether the next is damaged."""
    return _pcapng(content, state, starts, lengths) if state[0] else _pcap(content, state, starts, lengths)


@njit()
def _pcap(content: Bytes, state: Ints, starts: Ints, lengths: Ints) -> tuple[int, int, bool]:
    at = 0
    count = 0
    while at + _PCAP_RECORD_BYTES <= len(content):
        length = _number(content, at + 8, 4, state[1])
        if length > _LONGEST:
            return count, at, True
        if at + _PCAP_RECORD_BYTES + length > len(content):
            break
        starts[count] = at + _PCAP_RECORD_BYTES
        lengths[count] = length if state[_STATE_BEFORE_LINKS] == _ETHERNET else 0
        count += 1
        at += _PCAP_RECORD_BYTES + length
    return count, at, False


@njit()
def _pcapng(content: Bytes, state: Ints, starts: Ints, lengths: Ints) -> tuple[int, int, bool]:
    at = 0
    count = 0
    while at + _BLOCK_BYTES <= len(content):
        kind = _number(content, at, 4, state[1])
        if kind == _SECTION:
            state[1] = little_endian(content, at + 8, 4) != _ORDER_MAGIC
            state[2] = 0
        length = _number(content, at + 4, 4, state[1])
        if length % 4 or not _BLOCK_BYTES <= length <= _LONGEST:
            return count, at, True
        if at + length > len(content):
            break
        start, captured = _packet_of(content, at, kind, length, state)
        if captured < 0 or _number(content, at + length - 4, 4, state[1]) != length:
            return count, at, True
        if start:
            starts[count] = start
            lengths[count] = captured
            count += 1
        at += length
    return count, at, False


@njit()
def _packet_of(content: Bytes, at: int, kind: int, length: int, state: Ints) -> tuple[int, int]:
    """Start of the packet in a block (0 if the block has none), and its length (-1 if the block is damaged)."""
    if kind == _INTERFACE:
        if state[2] == _INTERFACES or length < _BLOCK_BYTES + 8:
            return 0, -1
        state[_STATE_BEFORE_LINKS + state[2]] = _number(content, at + 8, 2, state[1])
        state[2] += 1
    if kind not in (_PACKET, _OLD_PACKET, _SIMPLE_PACKET):
        return 0, 0
    start = at + (12 if kind == _SIMPLE_PACKET else 28)
    held = at + length - 4 - start
    if held < 0:
        return 0, -1
    interface = 0
    if kind == _SIMPLE_PACKET:
        captured = min(_number(content, at + 8, 4, state[1]), held)
    else:
        interface = _number(content, at + 8, 4 if kind == _PACKET else 2, state[1])
        captured = _number(content, at + 20, 4, state[1])
    if captured > held or interface >= state[2]:
        return 0, -1
    return start, captured if state[_STATE_BEFORE_LINKS + interface] == _ETHERNET else 0


@njit(cache=True, nogil=True)
def datagram(content: Bytes, start: int, length: int) -> tuple[int, int]:
    """Start and length of the UDP datagram in an Ethernet packet; 0 if there is none.

    An incomplete datagram (cut off by the capture, or sent in fragments) has a length of -1.
    """
    end = start + length
    at = start + _ETHERNET_BYTES
    if at > end:
        return 0, 0
    kind = big_endian(content, at - 2, 2)
    while kind in _VLANS and at + _VLAN_BYTES <= end:
        kind = big_endian(content, at + 2, 2)
        at += _VLAN_BYTES
    if kind != _IPV4 or at + _IPV4_BYTES > end or content[at + 9] != _UDP:
        return 0, 0
    if big_endian(content, at + 6, 2) & _FRAGMENT:
        return at, -1
    header = int(content[at] & 15) * 4
    at += header
    if header < _IPV4_BYTES or at + _UDP_BYTES > end:
        return at, -1
    held = big_endian(content, at + 4, 2)
    if held < _UDP_BYTES or at + held > end:
        return at, -1
    return at + _UDP_BYTES, held - _UDP_BYTES
