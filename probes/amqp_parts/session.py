"""A connection to an AMQP broker: logging in, looking at a queue, a message to ourselves."""

from __future__ import annotations

import secrets

from probes.amqp_parts import wire
from probes.amqp_parts.wire import Fields, Frame, Method, long_text, number, short_text
from probes.net.stream import Stream
from probes.net.transcript import Transcript
from probes.net.trip import Trouble

_CHANNEL = 1
_PASSIVE, _EXCLUSIVE, _AUTO_DELETE = 1 << 0, 1 << 2, 1 << 3
_NO_ACK, _ONLY_WE = 1 << 1, 1 << 2
_NOT_PERMITTED = frozenset({403, 530})
_NOT_FOUND = 404
_WHO_WE_ARE: wire.Table = {
    "product": "synthetics",
    "connection_name": "synthetics",
    "capabilities": {"authentication_failure_close": True, "connection.blocked": True},
}
"""What they can: say why they close where the login is wrong, and when they take no messages."""


class Session:
    """
    Args:
        stream: To the broker, encrypted if it should be.
        transcript: Keeps what is said, the password left out.
    """

    def __init__(self, stream: Stream, transcript: Transcript) -> None:
        self._stream = stream
        self._transcript = transcript
        self._frames = 0
        self._logged_in = False

    async def log_in(self, username: str, password: str, vhost: str) -> None:
        """
        Open a connection to the virtual host *vhost*, and a channel.

        Raises:
            Trouble: ``login``, ``not-permitted``, ``refused``, ``protocol``, ``malformed``; as
                the stream.
        """
        await self._stream.write(wire.HEADER)
        start = await self._wait(Method.START)
        start.number(2)
        start.long_text()
        ways = start.long_text().split()
        if "PLAIN" not in ways:
            had = ", ".join(ways) or "none"
            raise Trouble("login", f"the broker does not offer PLAIN but {had}")
        await self._call(
            Method.START_OK,
            wire.table(_WHO_WE_ARE),
            short_text("PLAIN"),
            long_text(f"\0{username}\0{password}"),
            short_text("en_US"),
            channel=0,
        )
        tune = await self._wait(Method.TUNE)
        tune.number(2)
        largest = min(tune.number(4) or wire.LARGEST, wire.LARGEST)
        no_heartbeats = number(0, 2)
        await self._call(
            Method.TUNE_OK, number(_CHANNEL, 2), number(largest, 4), no_heartbeats, channel=0
        )
        self._logged_in = True
        await self._call(
            Method.OPEN, short_text(vhost), short_text(""), number(0, 1), channel=0, told=vhost
        )
        await self._wait(Method.OPEN_OK)
        await self._call(Method.CHANNEL_OPEN, short_text(""))
        await self._wait(Method.CHANNEL_OPEN_OK)

    async def count(self, queue: str) -> tuple[int, int]:
        """
        How many messages wait in *queue*, and how many consumers it has.

        Raises:
            Trouble: ``not-found``, ``not-permitted``, ``refused``, ``malformed``; as the stream.
        """
        declared = await self._declare(queue, _PASSIVE)
        declared.short_text()
        messages, consumers = declared.number(4), declared.number(4)
        self._transcript.heard(f"{messages} messages, {consumers} consumers\n")
        return messages, consumers

    async def listen(self, exchange: str, key: str) -> str:
        """
        A queue of our own, which goes with the connection, and to which comes what is published
        to *exchange* with *key*, or, where that is the exchange without a name, with its own.

        Returns:
            The key to publish with.

        Raises:
            Trouble: As `count`.
        """
        own = f"synthetics-{secrets.token_hex(8)}"
        await self._declare(own, _EXCLUSIVE | _AUTO_DELETE)
        if exchange:
            names = (short_text(own), short_text(exchange), short_text(key))
            await self._call(
                Method.QUEUE_BIND,
                number(0, 2),
                *names,
                number(0, 1),
                wire.table({}),
                told=f"{own} {exchange} {key}",
            )
            await self._wait(Method.QUEUE_BIND_OK)
        await self._call(
            Method.CONSUME,
            number(0, 2),
            short_text(own),
            short_text(""),
            number(_NO_ACK | _ONLY_WE, 1),
            wire.table({}),
            told=own,
        )
        await self._wait(Method.CONSUME_OK)
        return key if exchange else own

    async def send_to_ourselves(self, exchange: str, key: str) -> None:
        """
        Publish a message, and wait until it comes.

        Raises:
            Trouble: ``unroutable``, ``blocked``; as `count`.
        """
        token = secrets.token_hex(16).encode()
        self._transcript.said(f"publish {f'{exchange} {key}'.strip()}")
        await self._stream.write(wire.message(_CHANNEL, exchange, key, token))
        while True:
            await self._wait(Method.DELIVER)
            if await self._content() == token:
                return

    async def leave(self) -> None:
        """
        Say that we go, and wait until the broker knows: it warns in its log of those who just go.

        Raises:
            Trouble: As the stream.
        """
        await self._call(Method.CLOSE, number(200, 2), short_text("seen"), number(0, 4), channel=0)
        while (await self._frame()).method is not Method.CLOSE_OK:
            pass

    async def _declare(self, queue: str, flags: int) -> Fields:
        await self._call(
            Method.QUEUE_DECLARE,
            number(0, 2),
            short_text(queue),
            number(flags, 1),
            wire.table({}),
            told=queue,
        )
        return await self._wait(Method.QUEUE_DECLARE_OK)

    async def _call(
        self, method: Method, *fields: bytes, channel: int = _CHANNEL, told: str = ""
    ) -> None:
        self._transcript.said(f"{_name(method)} {told}".rstrip())
        await self._stream.write(wire.call(channel, method, *fields))

    async def _wait(self, wanted: Method) -> Fields:
        """The fields of the next method, which must be *wanted*."""
        while True:
            frame = await self._frame()
            method = frame.method
            if method is not None:
                self._transcript.heard(_name(method) + "\n")
            if method is wanted:
                return frame.fields
            if method in (Method.CLOSE, Method.CHANNEL_CLOSE):
                raise self._refusal(frame.fields)
            if method is Method.BLOCKED:
                said = frame.fields.short_text()
                raise Trouble("blocked", f"the broker takes no messages: {said}")
            if method is Method.RETURN:
                raise _returned(frame.fields)
            raise Trouble("malformed", f"something else came where {_name(wanted)} belongs")

    async def _content(self) -> bytes:
        """
        What the delivered message carries; only its beginning where others sent more than we do.
        """
        head = await self._frame()
        left = int.from_bytes(head.body[4:12], "big")
        if head.kind != wire.CONTENT_HEADER or len(head.body) < 12:
            raise Trouble("malformed", "a message comes without its header")
        content = b""
        while left > 0:
            body = await self._frame()
            if body.kind != wire.CONTENT_BODY:
                raise Trouble("malformed", "a message ends before all of it has come")
            left -= len(body.body)
            content = content or body.body
        return content

    async def _frame(self) -> Frame:
        """The next frame that is more than a heartbeat."""
        while True:
            self._frames += 1
            if self._frames > wire.MOST_FRAMES:
                said = f"the broker said more than {wire.MOST_FRAMES} things"
                raise Trouble("body-too-large", said)
            frame = await wire.read(self._stream)
            if frame.kind != wire.HEARTBEAT:
                return frame

    def _refusal(self, fields: Fields) -> Trouble:
        code, text = fields.number(2), fields.short_text()
        said = f"the broker says {code}: {text}"
        if not self._logged_in:
            return Trouble("login" if code in _NOT_PERMITTED else "refused", said)
        if code in _NOT_PERMITTED:
            return Trouble("not-permitted", said)
        if code == _NOT_FOUND:
            return Trouble("not-found", said)
        return Trouble("refused", said)


def _returned(fields: Fields) -> Trouble:
    code, text = fields.number(2), fields.short_text()
    return Trouble("unroutable", f"the message came back: {code}, {text}")


def _name(method: Method) -> str:
    return method.name.lower().replace("_", "-")
