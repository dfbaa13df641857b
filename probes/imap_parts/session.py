"""A session of IMAP4rev1 over a bounded stream (RFC 3501)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from probes.net.account import Account
from probes.net.stream import Stream
from probes.net.transcript import Transcript
from probes.net.trip import Trouble

MOST_LINES = 10_000
"""Lines of one answer."""

_LITERAL = re.compile(rb"\{([0-9]{1,10})\}$")


def quoted(text: str) -> str:
    """*text*, which is one line of ASCII, as IMAP writes what is not a single word."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class Session:
    """
    What is asked of a server, and what it says.

    Args:
        stream: To the server.
        transcript: Where what is said goes.
        greeted: Whether the greeting was read already.
    """

    def __init__(self, stream: Stream, transcript: Transcript, *, greeted: bool) -> None:
        self._stream = stream
        self._transcript = transcript
        self._greeted = greeted
        self._number = 0

    async def log_in(self, account: Account | None) -> frozenset[str]:
        """
        Hear the greeting, say who we are if *account* is given, and come back with what the
        server is capable of then.

        Raises:
            Trouble: ``login``, ``refused``, ``malformed``; as `Stream`.
        """
        if not self._greeted:
            greeting = await self._line()
            if not re.match(rb"(?i)\* (OK|PREAUTH|BYE)\b", greeting):
                raise Trouble("malformed", f"expected a greeting of IMAP, got `{_text(greeting)}`")
            if re.match(rb"(?i)\* BYE", greeting):
                raise Trouble("refused", _text(greeting[2:]))
        capable = await self._capabilities()
        if account is None:
            return capable
        if "AUTH=PLAIN" in capable:
            await self.ask("AUTHENTICATE PLAIN", reason="login", then=account.plain)
        elif "LOGINDISABLED" in capable:
            raise Trouble("login", "the server takes no password, at least not unencrypted")
        else:
            name, password = account.username.render(), account.password.reveal()
            if not (name + password).isascii() or not (name + password).isprintable():
                raise Trouble("login", "the server takes a name and password in ASCII only")
            said = f"LOGIN {quoted(name)} {quoted(password)}"
            await self.ask(said, reason="login", told="LOGIN ***")
        return await self._capabilities()

    async def ask(
        self, command: str, *, reason: str = "refused", told: str = "", then: str = ""
    ) -> list[bytes]:
        """
        The untagged lines that answer *command*, without their asterisks.

        Args:
            command: One line.
            reason: Of the trouble if the server says NO or BAD.
            told: What the transcript says instead of *command*, where that is secret.
            then: Said when the server asks for more; secret.

        Raises:
            Trouble: *reason*, ``refused``, ``malformed``; as `Stream`.
        """
        self._number += 1
        tag = f"a{self._number}".encode()
        self._transcript.said(told or command)
        await self._stream.write(tag + b" " + command.encode() + b"\r\n")
        untagged: list[bytes] = []
        for _ in range(MOST_LINES):
            line = await self._line()
            if line.startswith(b"* "):
                untagged.append(line[2:])
            elif line.startswith(b"+") and then:
                self._transcript.said("***")
                await self._stream.write(then.encode() + b"\r\n")
                then = ""
            elif line.startswith(tag + b" "):
                if line[len(tag) + 1 :][:2].upper() == b"OK":
                    return untagged
                said = _text(line.partition(b" ")[2])
                raise Trouble(reason, f"{(told or command).split()[0]}: {said}")
            else:
                raise Trouble("malformed", f"the answer is not that of IMAP: `{_text(line)}`")
        raise Trouble("malformed", f"more than {MOST_LINES} lines answer one command")

    async def search(self, keys: str) -> list[int]:
        """
        The unique identifiers of the messages in the mailbox for which *keys* hold.

        Raises:
            Trouble: As `ask`.
        """
        found: list[int] = []
        for line in await self.ask(f"UID SEARCH {keys}"):
            if line[:6].upper() == b"SEARCH":
                found += [int(word) for word in line[6:].split() if word.isdigit()]
        return found

    async def delete(self, identifiers: Sequence[int], *, only_these: bool) -> None:
        """
        Delete messages.

        Args:
            identifiers: Unique ones.
            only_these: Whether the server can leave alone what others have marked for it
                (RFC 4315).

        Raises:
            Trouble: As `ask`.
        """
        chosen = ",".join(map(str, identifiers))
        await self.ask(f"UID STORE {chosen} +FLAGS.SILENT (\\Deleted)")
        await self.ask(f"UID EXPUNGE {chosen}" if only_these else "EXPUNGE")

    async def _capabilities(self) -> frozenset[str]:
        return frozenset(
            word.decode("ascii", "replace").upper()
            for line in await self.ask("CAPABILITY")
            if line[:10].upper() == b"CAPABILITY"
            for word in line.split()[1:]
        )

    async def _line(self) -> bytes:
        """The next line; texts that are sent by their length, which we never ask for, left out."""
        line = await self._stream.read_line()
        while found := _LITERAL.search(line):
            await self._stream.read_exactly(int(found[1]))
            line = line[: found.start()] + b"{}" + await self._stream.read_line()
        self._transcript.heard(_text(line) + "\n")
        return line


def _text(line: bytes) -> str:
    return line[:200].decode("utf-8", "replace")
