"""Asks a server for the types of one of its services, as ``grpcurl`` does."""

from __future__ import annotations

import asyncio

from probes.grpc_parts.call import Reply, Way, call, unlike
from probes.grpc_parts.files import ProtoFile, read_file
from probes.grpc_parts.wire import fields, text_field
from probes.net.trip import Trip, Trouble

MOST_BYTES = 1 << 20
"""Of all files together; made into types, they take up to fifty times as much memory."""
MOST_FILES = 1000
MOST_ROUNDS = 20
"""How often a server is asked for what the files import that it told of before."""

_VERSIONS = ("v1", "v1alpha")
_FILE_OF_NAME, _FILE_OF_SYMBOL = 3, 4
_FILES, _ERROR = 4, 7
_NOT_FOUND = 5


class _Absent(Exception):
    """The server has no reflection of this version."""


async def learn(trip: Trip, way: Way, service: str) -> list[ProtoFile]:
    """
    The file that has *service*, and all that it imports.

    Raises:
        Trouble: ``no-reflection`` if the server does not tell; ``not-found``, ``types``,
            ``malformed``; as `call`.
    """
    for version in _VERSIONS:
        method = f"grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"
        try:
            return await _files(trip, way, method, service)
        except _Absent:
            continue
    raise Trouble("no-reflection", "the server has no reflection, and no `descriptor` is written")


async def _files(trip: Trip, way: Way, method: str, service: str) -> list[ProtoFile]:
    known: dict[str, ProtoFile] = {}
    asked: set[str] = set()
    wanted, left = [text_field(_FILE_OF_SYMBOL, service)], MOST_BYTES
    for _ in range(MOST_ROUNDS):
        reply = await call(trip, way, method, *wanted, limit=left)
        if reply.name == "UNIMPLEMENTED":
            raise _Absent
        if reply.name != "OK":
            raise unlike(reply, "an answer by reflection")
        async with trip:
            told = await asyncio.to_thread(_read, reply, "" if asked else service)
        for file in told:
            if file.name not in known:
                known[file.name] = file
                left -= len(file.raw)
        missing = {name for file in known.values() for name in file.imports} - known.keys()
        if never := asked & missing:
            said = f"reflection does not tell of {min(never)}, which is imported"
            raise Trouble("types", said)
        if len(known) + len(missing) > MOST_FILES or left <= 0 or not told:
            break
        if not missing:
            return list(known.values())
        asked = missing
        wanted = [text_field(_FILE_OF_NAME, name) for name in sorted(missing)]
    raise Trouble("types", f"reflection comes to no end with what {service} imports")


def _read(reply: Reply, service: str) -> list[ProtoFile]:
    """
    The files in *reply*; takes up to a second where somebody means ill.

    A complaint is about *service*, or, if that is empty, about imports that stay away.
    """
    return [file for message in reply.messages() for file in _of(message, service)]


def _of(message: bytes, service: str) -> list[ProtoFile]:
    found: list[ProtoFile] = []
    for number, value in fields(message):
        if number == _ERROR and isinstance(value, bytes) and service:
            code, words = 0, ""
            for inner, said in fields(value):
                if isinstance(said, int):
                    code = said if inner == 1 else code
                elif inner == 2:
                    words = said.decode("utf-8", "replace")
            if code == _NOT_FOUND:
                raise Trouble("not-found", f"reflection knows no {service}: {words}")
            raise Trouble("types", f"reflection does not tell of {service}: {words}")
        if number == _FILES and isinstance(value, bytes):
            found += [
                read_file(raw) for one, raw in fields(value) if one == 1 and isinstance(raw, bytes)
            ]
    return found
