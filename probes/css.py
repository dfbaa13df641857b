"""
CSS selectors that take no longer however they are written and whatever they look at.

The library tries every way in which a chain such as ``div div div a`` could fit,
and holds the interpreter meanwhile: over 2 KB of nested elements that took
minutes.  So it is asked only which elements fit each link of a chain by
itself; the links are put together here, in one pass over the document.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from probes.expressions import TooMuchWork

HTML_LIMIT = 256 * 1024
"""Characters of a document that are looked at: nesting costs the parser the square of its depth."""

_MOST_LINKS = 32
_TOKEN = re.compile(
    r"""
    \\. | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*'
    | \[ (?: "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | [^\]"'] )* \]
    | [()] | \s*[>+~,]\s* | \s+ | [^\s\\"'\[\]()>+~,]+
    """,
    re.DOTALL | re.VERBOSE,
)
_REPEATED = re.compile(r":(has|lexbor-contains)\b", re.IGNORECASE)
_COUNTS = re.compile(r":nth-[a-z-]+$", re.IGNORECASE)
_MOST_COUNTING = 4_000_000
"""Steps that counting siblings may take, which the library does anew for each of them."""


@dataclass(frozen=True, slots=True)
class _Link:
    """
    One link of a chain.

    Attributes:
        fits: What an element must be by itself.
        by: How it stands to the link before: ``" "``, ``>``, ``+``, ``~``, or empty if first.
        last: Whether the chain ends here.
    """

    fits: str
    by: str
    last: bool


def _links(written: str) -> tuple[_Link, ...]:
    """
    The links of all chains of a selector, one chain after the other.

    Raises:
        ValueError: Not a selector, or one that is not taken.
    """
    if _REPEATED.search(written):
        raise ValueError("`:has` and `:lexbor-contains` look at one element again and again")
    links: list[_Link] = []
    fits, by, depth, end = "", "", 0, 0
    counts = False
    for token in _TOKEN.finditer(written.strip()):
        text, joint = token[0], token[0].strip() or " "
        if token.start() != end:
            raise ValueError("it cannot be read")
        end = token.end()
        if text == "(" and not depth:
            counts = bool(_COUNTS.search(fits))
        depth += (text == "(") - (text == ")")
        if joint not in {" ", ">", "+", "~", ","} or (depth and (counts or joint == ",")):
            fits += text
        elif depth:
            raise ValueError("a chain within brackets is not taken")
        else:
            links.append(_Link(fits, by, last=joint == ","))
            fits, by = "", "" if joint == "," else joint
    links.append(_Link(fits, by, last=True))
    if end != len(written.strip()) or not all(link.fits for link in links):
        raise ValueError("it cannot be read")
    if len(links) > _MOST_LINKS:
        raise ValueError(f"it has more than {_MOST_LINKS} links")
    return tuple(links)


def _check_counting(tree: LexborHTMLParser) -> None:
    siblings: dict[int, int] = defaultdict(int)
    assert tree.root is not None
    for node in tree.root.traverse(include_text=False):
        siblings[node.parent.mem_id if node.parent else 0] += 1
    if sum(count * count for count in siblings.values()) > _MOST_COUNTING:
        raise TooMuchWork


class Selector:
    """
    A CSS selector.

    Args:
        written: Its chains are of ordinary links, without ``:has``.

    Raises:
        ValueError: It is none, or not taken; says why.
    """

    def __init__(self, written: str) -> None:
        self._links = _links(written)
        self._counts = ":nth-" in written.lower()
        nothing = LexborHTMLParser("")
        for link in self._links:
            try:
                nothing.css_first(link.fits)
            except SelectolaxError:
                raise ValueError("it cannot be read") from None

    def first(self, html: str) -> LexborNode | None:
        """
        The first element of *html* that it selects.

        Raises:
            TooMuchWork: It counts siblings, of which there are too many.
        """
        tree = LexborHTMLParser(html[:HTML_LIMIT])
        if self._counts:
            _check_counting(tree)
        if len(self._links) == 1:
            return tree.css_first(self._links[0].fits)
        fitting: dict[int, int] = defaultdict(int)
        for index, link in enumerate(self._links):
            for node in tree.css(link.fits):
                fitting[node.mem_id] |= 1 << index
        return self._put_together(tree, fitting)

    def _put_together(self, tree: LexborHTMLParser, fitting: dict[int, int]) -> LexborNode | None:
        """
        The first element where a chain ends.

        Each set is a number whose bits are links; a bit says that the chain up to that
        link ends at this element, or at one of those that stand to it as named.
        """
        itself: dict[int, int] = defaultdict(int)
        above: dict[int, int] = defaultdict(int)
        newest_child: dict[int, int] = defaultdict(int)
        any_child: dict[int, int] = defaultdict(int)
        assert tree.root is not None
        for node in tree.root.traverse(include_text=False):
            own, parent = node.mem_id, node.parent.mem_id if node.parent else 0
            around = {
                " ": above[parent],
                ">": itself[parent],
                "+": newest_child[parent],
                "~": any_child[parent],
            }
            ends = 0
            for index, link in enumerate(self._links):
                fits = fitting.get(own, 0) >> index & 1
                if fits and (not link.by or around[link.by] >> (index - 1) & 1):
                    if link.last:
                        return node
                    ends |= 1 << index
            itself[own] = ends
            above[own] = above[parent] | ends
            newest_child[parent] = ends
            any_child[parent] |= ends
        return None
