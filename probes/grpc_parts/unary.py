"""One unary call of a method whose types are known, or are learnt from the server."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from probes.failure import Failure
from probes.fields import Refused
from probes.grpc_parts.call import Reply, Way, call, unlike
from probes.grpc_parts.reflection import learn
from probes.grpc_parts.written import Expect, MethodName
from probes.judge_json import filled, judge_json
from probes.net.transcript import Transcript
from probes.net.trip import Trip, Trouble, Unmet

if TYPE_CHECKING:
    from probes.grpc_parts.types import Method

MOST_METHODS = 500
_EVIDENCE = 1500
"""Characters of an answer that a failure keeps."""

_OTHER_TYPES = frozenset({"json", "malformed", "request", "types", "unimplemented"})
_Key = tuple[object, ...]


class Library:
    """Methods that servers told of by reflection, the oldest forgotten where they get many."""

    def __init__(self) -> None:
        self._known: dict[_Key, Method] = {}

    @classmethod
    async def open(cls) -> Library:
        """One with nothing in it."""
        return cls()

    def get(self, key: _Key) -> Method | None:
        """The method that *key* stands for, if it is known."""
        return self._known.get(key)

    def put(self, key: _Key, method: Method) -> None:
        """Know *method*."""
        if len(self._known) >= MOST_METHODS:
            del self._known[next(iter(self._known))]
        self._known[key] = method

    def forget(self, key: _Key) -> None:
        """Know it no longer."""
        self._known.pop(key, None)

    async def close(self) -> None:
        """Forget all."""
        self._known.clear()


class Unary:
    """
    One run.

    What a server told by reflection is remembered for as long as it holds: so a probe asks what a
    client with its own copy of the types would ask, and does not fail with reflection.

    Args:
        name: Of the method.
        method: The same with its types; ``None`` leaves them to reflection.
        message: What is sent, its texts being `Template`.
        expect: What must hold of the answer.
        trip: The time of the run; what is learnt takes none of its phases.
    """

    def __init__(
        self, name: MethodName, method: Method | None, message: Any, expect: Expect, trip: Trip
    ) -> None:
        self._name = name
        self._method = method
        self._message = message
        self._expect = expect
        self._trip = trip
        self._remembered: tuple[Library, _Key] | None = None

    async def ask(self, way: Way) -> Reply:
        """
        The reply, whatever it is.

        Raises:
            Trouble: ``request`` if ours does not fit its type; ``method``; as `learn` and `call`.
        """
        method = self._method or await self._learnt(way)
        try:
            raw = method.encode(filled(self._message, {}))
        except Refused as refused:
            raise Trouble("request", refused.what) from None
        return await call(self._trip, way, str(self._name), raw)

    async def judge(self, reply: Reply, told: Transcript) -> None:
        """
        Hold *reply* against what is expected; *told* gets the answer where it is something else,
        or where somebody looks on.

        Raises:
            Trouble: ``json``; by its status; ``malformed``, ``types``.
        """
        wanted = self._expect.status or ("OK",)
        if reply.name not in wanted:
            raise unlike(reply, " or ".join(wanted))
        if reply.name != "OK":
            return
        message = reply.message
        if self._expect.json:
            self._trip.doing = "reading the answer"
            async with self._trip:
                failure, answer = await asyncio.to_thread(self._held, message)
            told.heard(answer)
            if failure is not None:
                raise Unmet("json", failure.expected, failure.actual)
        elif self._looks:
            told.heard(await asyncio.to_thread(self._read, message))

    def ended_by(self, trouble: Trouble) -> None:
        """Have the types learnt anew if *trouble* can mean that they are others by now."""
        if self._remembered is not None and trouble.reason in _OTHER_TYPES:
            library, key = self._remembered
            library.forget(key)

    @property
    def _looks(self) -> bool:
        return self._trip.watch.look is not None

    def _held(self, message: bytes) -> tuple[Failure | None, str]:
        """What does not hold of *message*, and it as text; takes a second where it is large."""
        assert self._method is not None
        document = self._method.decode(message)
        failures = (judge_json(wanted, document, {}) for wanted in self._expect.json)
        failure = next((one for one in failures if one is not None), None)
        return failure, _shown(document) if failure is not None or self._looks else ""

    def _read(self, message: bytes) -> str:
        """*message* as text for who looks on; what it is changes no verdict."""
        assert self._method is not None
        try:
            return _shown(self._method.decode(message))
        except Trouble as trouble:
            return trouble.detail

    async def _learnt(self, way: Way) -> Method:
        library = await self._trip.watch.shared.get(Library, Library.open)
        key = (way.authority, way.ip, way.tls, way.metadata, self._name)
        self._remembered = library, key
        self._method = library.get(key)
        if self._method is None:
            self._method = await self._told(way)
            library.put(key, self._method)
        return self._method

    async def _told(self, way: Way) -> Method:
        """The method as the server tells of it, over connections that are none of the call's."""
        aside = Trip(self._trip.watch)
        try:
            files = await learn(aside, way, self._name.service)
            aside.doing = f"reading the types of {self._name.service}"
            async with aside:
                return await asyncio.to_thread(self._made, files)
        except Refused as refused:
            raise Trouble("method", refused.what) from None
        except Trouble:
            self._trip.address = aside.address
            self._trip.took(aside.phases)
            raise

    def _made(self, files: Any) -> Method:
        from probes.grpc_parts.types import Method

        return Method(files, self._name.service, self._name.method)


def shown(message: Any) -> str:
    """*message* as it may be shown: secrets masked, one line."""
    return json.dumps(filled(message, None), ensure_ascii=False)


def _shown(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False)[:_EVIDENCE]
