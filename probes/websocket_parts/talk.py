"""WebSocket's protocol (RFC 6455) over a stream."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidState, PayloadTooBig, ProtocolError
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from probes.net.stream import Stream
from probes.net.trip import Trouble, Unmet

_SILENT = logging.getLogger("probes.websocket.protocol")
"""Of the protocol: what a target does wrong is a verdict, and no line in our log."""

_SILENT.disabled = True

_PIECE = 1024
"""Bytes taken apart at once: of empty frames they are 500, and some 5 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """
    What is asked of the target.

    Attributes:
        url: In ASCII, ``ws://`` or ``wss://``.
        headers: Besides those that WebSocket needs.
        subprotocols: Offered, the best first.
        limit: Most bytes of a message, decompressed.
    """

    url: str
    headers: Mapping[str, str]
    subprotocols: Sequence[str]
    limit: int


class Talk:
    """One WebSocket over *stream*."""

    def __init__(self, stream: Stream, opening: Opening) -> None:
        self._stream = stream
        self._protocol = ClientProtocol(
            parse_uri(opening.url),
            subprotocols=[Subprotocol(one) for one in opening.subprotocols] or None,
            extensions=[ClientPerMessageDeflateFactory()],
            max_size=opening.limit,
            logger=_SILENT,
        )
        self._limit = opening.limit
        self._headers = opening.headers
        self._frames: list[Frame] = []
        self._message = bytearray()

    @property
    def subprotocol(self) -> str | None:
        """The one that the target chose."""
        return self._protocol.subprotocol

    async def open(self) -> int:
        """
        Ask for it; the status that the target answered.

        Raises:
            Trouble: ``status`` if the target answers something else, ``malformed`` if that is
                no answer to this.
        """
        request = self._protocol.connect()
        for name, value in self._headers.items():
            if name in request.headers:
                del request.headers[name]
            request.headers[name] = value
        self._protocol.send_request(request)
        await self._flush()
        while not (events := await self._events()):
            pass
        response, *frames = events
        assert isinstance(response, Response)
        self._frames += [one for one in frames if isinstance(one, Frame)]
        return self._opened(response)

    def _opened(self, response: Response) -> int:
        if response.status_code != 101:
            raise Unmet("status", "status 101", str(response.status_code))
        if self._protocol.handshake_exc is not None:
            raise Trouble("malformed", str(self._protocol.handshake_exc))
        return response.status_code

    async def say(self, content: bytes, *, text: bool) -> None:
        """
        Send a message.

        Raises:
            Trouble: ``closed`` if the target has closed it; ``reset``.
        """
        try:
            if text:
                self._protocol.send_text(content)
            else:
                self._protocol.send_binary(content)
        except InvalidState:
            raise self._closed() from None
        await self._flush()

    async def listen(self) -> str:
        """
        The next message; bytes that are no text as well as they can be shown.

        Raises:
            Trouble: ``closed``, ``malformed``, ``body-too-large``, or as the stream.
        """
        while True:
            while self._frames:
                frame = self._frames.pop(0)
                if frame.opcode is Opcode.CLOSE:
                    raise self._closed()
                if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                    continue
                self._message += frame.data
                if frame.fin:
                    message = self._message.decode("utf-8", "replace")
                    self._message.clear()
                    return message
            self._frames += [one for one in await self._events() if isinstance(one, Frame)]

    async def close(self) -> None:
        """Say goodbye; whether the target does too is not waited for."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            await self._flush()

    async def _events(self) -> Sequence[object]:
        """What the next bytes of the target mean; pings are answered on the way."""
        self._raise_if_broken()
        data = await self._stream.read_some(_PIECE)
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        events = self._protocol.events_received()
        if not events:
            self._raise_if_broken()
            if not data:
                raise self._closed()
        await self._flush()
        return events

    def _raise_if_broken(self) -> None:
        """Nothing more can come of what the target has sent."""
        if self._protocol.state is State.CONNECTING and self._protocol.handshake_exc:
            raise self._no_answer(self._protocol.handshake_exc)
        if self._protocol.parser_exc is not None:
            raise self._broken(self._protocol.parser_exc)

    def _no_answer(self, error: Exception) -> Trouble:
        if isinstance(error.__cause__, EOFError):
            return self._closed()
        return Trouble("malformed", f"the answer is not HTTP: {error}")

    def _broken(self, error: Exception) -> Trouble:
        if isinstance(error, PayloadTooBig):
            return Trouble("body-too-large", f"a message is longer than {self._limit} bytes")
        if isinstance(error, ProtocolError | UnicodeDecodeError):
            return Trouble("malformed", f"the target breaks the protocol: {error}")
        return self._closed()

    def _closed(self) -> Trouble:
        frame = self._protocol.close_rcvd
        if not self._stream.received:
            return Trouble("empty-reply", "the target closed the connection without an answer")
        if frame is None:
            return Trouble("truncated", "the target closed the connection without a goodbye")
        said = f": {frame.reason}" if frame.reason else ""
        return Trouble("closed", f"the target closed the WebSocket with code {frame.code}{said}")

    async def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                await self._stream.write(data)
