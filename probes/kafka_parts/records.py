"""Batches of records, format 2, as far as one record of ours goes."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_MAGIC = 2
_HEAD = struct.Struct(">qiibIhiqqqhii")
"""First offset, size, epoch of the leader, magic, checksum; attributes, last offset (from the
first), first and last time, producer, its epoch, first sequence, how many records."""

_AFTER_SIZE = 12
_CHECKED = 21
_COMPRESSED = 0b111
_LARGEST = 4096
"""Bytes of a batch that may be ours, which has 200 at most."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its *key*, its *value*, and the *time_ms* at which it was made."""

    key: bytes
    value: bytes
    time_ms: int


def batch(record: Record) -> bytes:
    """*record* alone, as it is sent."""
    content = b"\0" + _varint(0) + _varint(0)
    content += _varint(len(record.key)) + record.key
    content += _varint(len(record.value)) + record.value + _varint(0)
    content = _varint(len(content)) + content
    time_ms = record.time_ms
    after = struct.pack(">hiqqqhii", 0, 0, time_ms, time_ms, -1, -1, -1, 1) + content
    size = _CHECKED - _AFTER_SIZE + len(after)
    return struct.pack(">qiibI", 0, size, -1, _MAGIC, crc32c(after)) + after


def holds(stored: bytes, offset: int, record: Record) -> bool:
    """
    Whether *stored*, batches as a broker keeps them, has *record* at *offset*.

    A broker may compress what it keeps, and stamp it with its own time; a batch that is
    compressed counts as ours by its place, its size of one record, and its checksum.
    """
    start = 0
    while len(stored) - start >= _HEAD.size:
        first, size, _, magic, checksum, attributes, last, *_, count = _HEAD.unpack_from(
            stored, start
        )
        end = start + _AFTER_SIZE + size
        if size < 0:
            return False
        if first + (last if magic == _MAGIC else 0) < offset:
            start = end
            continue
        whole = stored[start:end]
        if (first, magic, count) != (offset, _MAGIC, 1):
            return False
        if not len(whole) == end - start <= _LARGEST or crc32c(whole[_CHECKED:]) != checksum:
            return False
        return bool(attributes & _COMPRESSED) or whole[_HEAD.size :].endswith(_said(record))
    return False


def _said(record: Record) -> bytes:
    """How a record ends that has no headers."""
    key, value = record.key, record.value
    return _varint(len(key)) + key + _varint(len(value)) + value + _varint(0)


def _varint(number: int) -> bytes:
    """*number*, >= 0, zigzag, seven bits a byte, the lowest first."""
    left = number << 1
    out = bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    out.append(left)
    return bytes(out)


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


_REMAINDERS = tuple(map(_remainder, range(256)))


def crc32c(data: bytes) -> int:
    """The checksum of *data* by Castagnoli's polynomial (RFC 3720, appendix B.4)."""
    state = 0xFFFFFFFF
    for byte in data:
        state = state >> 8 ^ _REMAINDERS[(state ^ byte) & 0xFF]
    return state ^ 0xFFFFFFFF
