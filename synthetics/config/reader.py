"""The document while it is read: data with places, and every problem found so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from yaml.nodes import CollectionNode, MappingNode, ScalarNode

from probes.fields import Refused, said
from synthetics.config.checker import Checker, Step, by_place
from synthetics.config.flow import flow
from synthetics.config.nodes import find, width_of
from synthetics.config.references import References
from synthetics.config.scalars import check_identifier
from synthetics.config.syntax import Misread, Path
from synthetics.config.words import (
    MISSING_KEY,
    TYPES,
    UNKNOWN_KEY,
    clip,
    did_you_mean,
    in_words,
    listed,
    nearest,
    several,
)


class Reader:
    """
    Checks pieces of a document and collects what is wrong with them.

    Args:
        root: The document with its places.
        data: The same as plain data.
        references: Where references are looked up.
        names: Identifiers that may be referred to, by what they are.
    """

    def __init__(
        self,
        root: MappingNode,
        data: dict[str, Any],
        references: References,
        names: Mapping[str, list[str]],
    ) -> None:
        self.root = root
        self.data = data
        self.problems: list[Misread] = []
        self._context = {
            "resolve": references.resolve,
            "show": references.show,
            "read": references.read,
            "keep": references.keep,
            "place": references.place,
            "names": names,
        }

    def check(
        self, checker: Checker, data: object, path: Path, *, also: tuple[str, ...] = ()
    ) -> Any:
        """
        The value of *data*, which stands at *path*; ``None`` once its problems are noted.

        Args:
            checker: Of the type that it must be.
            data: Plain data.
            path: Where it stands.
            also: Keys besides those of the type, for a nearest known key.
        """
        try:
            return checker(data, self._context)
        except ValidationError as error:
            for below, errors in by_place(error.errors(include_url=False), data):
                self._explain(checker, path, below, errors, also)
            return None

    def report(self, path: Path, what: str, mend: str = "", *, at: str = "value") -> None:
        """
        Note a problem.

        Args:
            path: Where.
            what: What is wrong, one line.
            mend: How to mend it, one line.
            at: ``value``, or ``key`` for the key that it stands under.
        """
        mark, width, real = self.place(path, at)
        self.problems.append(Misread(mark, what, mend, path=real, width=width))

    def unknown_key(self, path: Path, known: list[str], what: str = "key") -> None:
        """The key at the end of *path* is none of those *known*."""
        name = clip(str(path[-1]))
        near = nearest(str(path[-1]), known)
        mend = did_you_mean(str(path[-1]), known, none="delete it")
        self.report(
            path,
            f"there is no {what} `{name}` here",
            mend if near or not known else f"delete it, or write {listed(known)}",
            at="key",
        )

    def place(self, path: Path, at: str = "value") -> tuple[Any, int, Path]:
        """Mark, width and path as far as it is there."""
        node, key, real = find(self.root, path)
        if len(real) < len(path):
            at = "key"
        block = isinstance(node, CollectionNode) and not node.flow_style
        empty = isinstance(node, ScalarNode) and not node.value and node.style is None
        meant = key if key is not None and (at == "key" or block or empty) else node
        shown = path if len(real) == len(path) - 1 else real
        return meant.start_mark, 1 if meant is node and block else width_of(meant), shown

    def items(self, section: str) -> list[tuple[str, Any]]:
        """What stands below *section*, by identifier; a wrong identifier is noted."""
        data = self.data.get(section, {})
        if not isinstance(data, dict):
            self.report((section,), f"{said(data)} is not a group of keys", TYPES["group"][1])
            return []
        for name in data:
            try:
                check_identifier(name)
            except Refused as refused:
                self.report((section, name), refused.what, refused.mend, at="key")
        return list(data.items())

    def entries(self, section: str) -> list[Any]:
        """What stands in the list *section*."""
        data = self.data.get(section, [])
        if not isinstance(data, list):
            self.report((section,), f"{said(data)} is not a list", TYPES["list"][1])
            return []
        return data

    def has(self, path: Path) -> bool:
        """Whether something is written at *path*."""
        return len(find(self.root, path)[2]) == len(path)

    def where(self, path: Path, seen_from: Path) -> str:
        """The line of *path*, with its file if that is another one than that of *seen_from*."""
        mark, here = self.place(path)[0], self.place(seen_from)[0]
        line = mark.line + 1
        return f"line {line}" if mark.name == here.name else f"{mark.name}:{line}"

    def _explain(
        self,
        checker: Checker,
        path: Path,
        below: tuple[Step, ...],
        errors: list[ErrorDetails],
        also: tuple[str, ...],
    ) -> None:
        error = errors[0]
        kind = error["type"]
        if kind in UNKNOWN_KEY:
            known = [*checker.keys(below[:-1]), *(also if len(below) == 1 else ())]
            self.unknown_key((*path, *below), known)
            return
        if kind in MISSING_KEY:
            self.report(path + below, f"`{below[-1]}` is missing", self._example(checker, below))
            return
        secret = checker.secret(below)
        words = in_words(error, secret=secret)
        if len(errors) > 1:
            words = several(errors, secret=secret)
        if error["input"] is None:
            words = "nothing is written here", words[1]
        refused = error.get("ctx", {}).get("error")
        deeper = refused.at if isinstance(refused, Refused) else ()
        # A refusal that repeats the key means the key, such as a JSON path that is none.
        at = "key" if deeper and said(deeper[-1]) in words[0] else "value"
        self.report((*path, *below, *deeper), *words, at=at)

    @staticmethod
    def _example(checker: Checker, below: tuple[Step, ...]) -> str:
        """How to add the missing key at the end of *below*."""
        for schema in checker.at(below):
            for example in schema.get("examples", ()):
                return f"add it, such as `{below[-1]}: {flow(example)}`"
        return "add it"
