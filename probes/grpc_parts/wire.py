"""As much of Protocol Buffers as is read without knowing any type."""

from __future__ import annotations

from collections.abc import Iterator

from probes.net.trip import Trouble

MOST_FIELDS = 100_000
"""Of one message: some tenth of a second's work."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_GROUPS = frozenset({3, 4})


def text_field(number: int, value: str) -> bytes:
    """A field of text; nothing if it is empty, as its default is."""
    raw = value.encode()
    return _varint(number << 3 | _BYTES) + _varint(len(raw)) + raw if raw else b""


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """
    Number and value of each field, in turn.

    Raises:
        Trouble: ``malformed``.
    """
    at = count = 0
    while at < len(message):
        count += 1
        if count > MOST_FIELDS:
            raise Trouble("malformed", f"a message has more than {MOST_FIELDS:,} fields")
        key, at = _read(message, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _read(message, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, at = _read(message, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        elif kind in _GROUPS:
            raise Trouble("malformed", "the message has a group in it, which is not read here")
        else:
            raise Trouble("malformed", f"a field of the message has the unknown type {kind}")
        if at + size > len(message):
            raise Trouble("malformed", "the message is shorter than it says")
        yield key >> 3, message[at : at + size]
        at += size


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(10):
        if at + index >= len(message):
            break
        byte = message[at + index]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, at + index + 1
    raise Trouble("malformed", "a number in the message does not end")
