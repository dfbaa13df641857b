"""Laying one part of a document over another: environments, and what a use says of a template."""

from __future__ import annotations

from dataclasses import dataclass

from yaml.nodes import MappingNode, Node, ScalarNode

from synthetics.config.nodes import key_of, width_of
from synthetics.config.syntax import PLAIN, Misread, Path
from synthetics.config.words import clip, did_you_mean, nearest

ENVS, PROBES = "envs", "probes"
USE, WITH = "use", "with"
OF_A_USE = frozenset({USE, WITH})
"""Keys of a probe that say which template it is made of, and are not laid over it."""


def environments(root: MappingNode) -> list[str]:
    """The names of those that there are."""
    envs = at(root, ENVS)
    return list(pairs_of(envs)) if isinstance(envs, MappingNode) else []


class Deleted(ScalarNode):
    """A ``null`` that has deleted something, and goes on to what is below it."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """
    Lays one part of a document over another, as JSON Merge Patch does (RFC 7396).

    Groups are merged key by key, ``null`` deletes a key, and anything else takes the place of
    what was there, lists too.  A ``null`` that deletes nothing is a mistake, most likely a name
    that was mistyped.

    Attributes:
        problems: Where mistakes are noted.
        below: What lies on top is laid over a template afterwards: whatever it deletes is to be
            deleted there, too.
    """

    problems: list[Misread]
    below: bool = False

    def merged(self, base: Node, over: Node, path: Path = ()) -> Node:
        """*over* laid over *base*; both stand at *path*."""
        if not (isinstance(base, MappingNode) and isinstance(over, MappingNode)):
            return over
        changed = {key_of(key): (key, value) for key, value in over.value}
        pairs: list[tuple[Node, Node]] = []
        for key, value in base.value:
            name = key_of(key)
            if name is None or name not in changed:
                pairs.append((key, value))
                continue
            new_key, new = changed.pop(name)
            if not deletes(new):
                both = isinstance(value, MappingNode) and isinstance(new, MappingNode)
                lain = self._inside(path, name, value, new)
                pairs.append((key if both else new_key, lain.merged(value, new, (*path, name))))
            elif self.below and name not in OF_A_USE:
                pairs.append((new_key, _deleted(new)))
        for name, (key, value) in changed.items():
            if deletes(value) and not self.below and not isinstance(value, Deleted):
                self._nothing_there(base, key, (*path, str(name)))
            elif not deletes(value) or self.below:
                pairs.append((key, value))
        return group(base, pairs)

    def _inside(self, path: Path, name: str, base: Node, over: Node) -> Overlay:
        """How what is called *name* at *path* is laid over."""
        if self.below:
            return self if name not in OF_A_USE else Overlay(self.problems)
        if path == (PROBES,) and USE in pairs_of(base) and not deletes(at(over, USE)):
            return Overlay(self.problems, below=True)
        return self

    def _nothing_there(self, base: Node, key: Node, path: Path) -> None:
        name, known = str(path[-1]), list(pairs_of(base))
        near = nearest(name, known)
        self.problems.append(
            Misread(
                key.start_mark,
                f"there is no `{clip(name)}` here that `null` could delete",
                did_you_mean(name, known, none="") if near else "leave it out",
                path=path,
                width=width_of(key),
            )
        )


def in_environment(root: MappingNode, env: str, problems: list[Misread]) -> MappingNode:
    """
    *root* with its environment *env* laid over it; what is wrong with that goes to *problems*.

    Raises:
        Misread: There is no such environment.
    """
    envs = at(root, ENVS)
    known = environments(root)
    if env not in known:
        mark = envs.start_mark if envs is not None else root.start_mark
        raise Misread(
            mark,
            f"there is no environment `{clip(env)}`",
            did_you_mean(env, known, none="add it below `envs`, or leave --env out"),
            path=(ENVS,) if envs is not None else (),
        )
    assert isinstance(envs, MappingNode)
    over = pairs_of(envs)[env]
    for key, _ in over.value if isinstance(over, MappingNode) else ():
        if key_of(key) == ENVS:
            raise Misread(
                key.start_mark,
                "an environment has no environments",
                "move them up",
                path=(ENVS, env, ENVS),
                width=width_of(key),
            )
    whole = Overlay(problems).merged(root, over)
    return whole if isinstance(whole, MappingNode) else root


def with_section(root: MappingNode, section: str, node: Node) -> MappingNode:
    """*root* with *node* as its *section*."""
    pairs = [(key, node if key_of(key) == section else value) for key, value in root.value]
    return group(root, pairs)


def group(like: Node, pairs: list[tuple[Node, Node]]) -> MappingNode:
    """A group of *pairs* in the place of *like*."""
    flow = isinstance(like, MappingNode) and like.flow_style
    return MappingNode(like.tag, pairs, like.start_mark, like.end_mark, flow)


def pairs_of(node: Node | None) -> dict[str, Node]:
    """What stands in the group *node*; nothing if it is none.  The first of two alike stands."""
    found: dict[str, Node] = {}
    for key, value in node.value if isinstance(node, MappingNode) else ():
        name = key_of(key)
        if name is not None:
            found.setdefault(name, value)
    return found


def at(root: Node, *path: str) -> Node | None:
    """What stands at *path*, if anything does."""
    node: Node | None = root
    for step in path:
        node = pairs_of(node).get(step)
    return node


def deletes(node: Node | None) -> bool:
    """Whether it is a ``null`` that somebody wrote; nothing at all is a mistake."""
    return isinstance(node, ScalarNode) and node.tag == PLAIN and node.value in {"null", "~"}


def _deleted(null: Node) -> Node:
    return Deleted(null.tag, null.value, null.start_mark, null.end_mark)
