"""
Messages of types that are only known once a server or a file has told of them.

Imported where a method is called, for Google's library is an extra.  Types and messages come
from strangers: what a message would take to read is counted before the library reads it, for a
message of a megabyte can name half a million others, each as large as its type says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any
from weakref import WeakValueDictionary

from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.message import Error

from probes.fields import Refused
from probes.grpc_parts.files import ProtoFile, in_order
from probes.grpc_parts.wire import fields
from probes.net.trip import Trouble

MOST_WORK = 100_000
"""Fields that an answer may have, those counted in that are at their defaults."""

_DEEPEST = 100
_WRONG = re.compile(r"Failed to parse (\w+) field: (.*)")
_NO_FIELD = re.compile(
    r'Message type "([^"]*)" has no field named "([^"]*)" at "([^"]*)"(?:\. *Available.*?"(.*)")?'
)
_ANY = "google.protobuf.Any"
_WELL_KNOWN = "google.protobuf."
"""Types that JSON may write as a text, a number or a list."""
_NO_TEXT = "expected string or bytes-like object"
_PLACE = re.compile(r" at [\w.\[\]]+$")


class Method:
    """
    A unary method; those whose types come from the same files share them.

    Args:
        files: All that its types need.
        service: Its full name.
        name: Of the method.

    Raises:
        Refused: At ``call`` if there is no such method, or if it streams.
        Trouble: ``types`` if *files* do not make types.
    """

    def __init__(self, files: Iterable[ProtoFile], service: str, name: str) -> None:
        self._types = _types(tuple(files))
        self._pool = self._types.pool
        try:
            methods = self._pool.FindServiceByName(service).methods_by_name
        except KeyError:
            raise Refused(
                f"there is no service {service}",
                mend="write package.Service/Method",
                at=("call",),
            ) from None
        if name not in methods:
            near = get_close_matches(name, methods, n=1)
            known = ", ".join(sorted(methods)[:5]) or "none"
            raise Refused(
                f"{service} has no method {name}",
                mend=f"did you mean {near[0]}?" if near else f"its methods: {known}",
                at=("call",),
            )
        method = methods[name]
        if method.client_streaming or method.server_streaming:
            raise Refused(
                f"{service}/{name} is a method that streams",
                mend="call one that takes one message and gives one",
                at=("call",),
            )
        self._layouts: dict[str, dict[int, Any]] = {}
        self._input, self._output = method.input_type, method.output_type

    def encode(self, document: Any) -> bytes:
        """
        The message that *document* says in the JSON mapping of Protocol Buffers.

        Raises:
            Refused: At ``message``: it does not fit the type.
        """
        kind = self._input.full_name
        if not isinstance(document, dict) and not kind.startswith(_WELL_KNOWN):
            raise Refused(
                f"a {kind} is written as a group of fields", mend="write {…}", at=("message",)
            )
        try:
            message = message_factory.GetMessageClass(self._input)()
            json_format.ParseDict(document, message, descriptor_pool=self._pool)
            raw: bytes = message.SerializeToString()
        except Exception as error:  # noqa: BLE001 - types of strangers are not as the library trusts
            raise _unfit(kind, _words(error)) from None
        return raw

    def decode(self, raw: bytes) -> Any:
        """
        What the answer *raw* says, in the same mapping, absent fields at their defaults.

        Raises:
            Trouble: ``malformed`` if it is no message of its type, or one too large to read;
                ``types`` if it holds a message of a type that nobody told of.
        """
        self._weigh(self._output, raw)
        try:
            message = message_factory.GetMessageClass(self._output).FromString(raw)
            document: Any = json_format.MessageToDict(
                message,
                always_print_fields_with_no_presence=True,
                descriptor_pool=self._pool,
                unquote_int64_if_possible=True,
            )
        except Exception as error:  # noqa: BLE001 - types of strangers are not as the library trusts
            if isinstance(error, TypeError) and "message descriptor" in str(error):
                raise Trouble("types", _words(error)) from None
            said = f"the answer is no {self._output.full_name}: {_words(error)}"
            raise Trouble("malformed", said) from None
        return document

    def _weigh(self, kind: Any, raw: bytes) -> None:
        """Refuse what would take too much to read."""
        left, waiting = MOST_WORK - len(self._layout(kind)), [(kind, raw, 1)]
        while waiting:
            kind, raw, depth = waiting.pop()
            layout = self._layout(kind)
            url = inner = b""
            for number, value in fields(raw):
                left -= 1
                field = layout.get(number)
                if field is None and kind.is_extendable:
                    field = _extension(self._pool, kind, number)
                if field is not None and isinstance(value, bytes):
                    if field.message_type is not None:
                        waiting.append((field.message_type, value, depth + 1))
                        left -= len(self._layout(field.message_type))
                    elif field.is_repeated and field.cpp_type != field.CPPTYPE_STRING:
                        left -= len(value)
                    elif kind.full_name == _ANY:
                        url, inner = (value, inner) if field.name == "type_url" else (url, value)
                if left < 0:
                    break
            if inner and (held := _named(self._pool, url)) is not None:
                waiting.append((held, inner, depth + 1))
                left -= len(self._layout(held))
            if left < 0 or depth > _DEEPEST:
                raise Trouble("malformed", "the answer has too many fields in it to be read")

    def _layout(self, kind: Any) -> dict[int, Any]:
        """The fields of the type *kind* by number, read once."""
        found = self._layouts.get(kind.full_name)
        if found is None:
            found = {field.number: field for field in kind.fields}
            self._layouts[kind.full_name] = found
        return found


class _Types:
    """The types of some files."""

    def __init__(self, files: Iterable[ProtoFile]) -> None:
        self.pool: Any = descriptor_pool.DescriptorPool()
        for file in in_order(files):
            try:
                self.pool.AddSerializedFile(file.raw)
            except (Error, TypeError, ValueError) as error:
                raise Trouble("types", f"{file.name} makes no types: {_words(error)}") from None


_IN_USE: WeakValueDictionary[tuple[ProtoFile, ...], _Types] = WeakValueDictionary()


def _types(files: tuple[ProtoFile, ...]) -> _Types:
    found = _IN_USE.get(files)
    if found is None:
        found = _IN_USE[files] = _Types(files)
    return found


def _named(pool: Any, url: bytes) -> Any:
    try:
        return pool.FindMessageTypeByName(url.decode("utf-8", "replace").rpartition("/")[2])
    except KeyError:
        return None


def _extension(pool: Any, kind: Any, number: int) -> Any:
    try:
        return pool.FindExtensionByNumber(kind, number)
    except KeyError:
        return None


def _unfit(kind: str, said: str) -> Refused:
    """Why a message is no *kind*, as the library *said*: where, and what was probably meant."""
    unknown = _NO_FIELD.match(said)
    if unknown is None:
        at: list[str] = []
        while (wrong := _WRONG.match(said)) is not None:
            at.append(wrong[1])
            said = wrong[2]
        if said.startswith(_NO_TEXT):
            said, mend = "it is not text", "put it in quotes"
        else:
            said, mend = _PLACE.sub("", said), "write it as the JSON mapping of its type has it"
        where = f"`{'.'.join(at)}`: " if at else ""
        return Refused(f"this is no {kind}: {where}{said}", mend=mend, at=("message", *at))
    of, name, path, known = unknown.groups()
    fields = re.findall(r"'([^']+)'", known or "")
    near = get_close_matches(name, fields, n=1)
    steps = re.findall(r"\.([^.\[]+)|\[([0-9]+)\]", path)
    return Refused(
        f"{of} has no field `{name}`",
        mend=f"did you mean `{near[0]}`?" if near else f"its fields: {', '.join(fields[:8])}",
        at=("message", *(int(index) if index else step for step, index in steps), name),
    )


def _words(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text.rstrip(".")
