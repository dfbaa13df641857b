"""Laying one part of a document over another: environments, and what a use says of a template."""

from __future__ import annotations

from yaml.nodes import MappingNode, Node, ScalarNode

from synthetics.config.nodes import key_of, width_of
from synthetics.config.syntax import PLAIN, Misread
from synthetics.config.words import clip, did_you_mean

ENVS = "envs"


def environments(root: MappingNode) -> list[str]:
    """The names of those that there are."""
    envs = at(root, ENVS)
    return list(pairs_of(envs)) if isinstance(envs, MappingNode) else []


def merged(base: Node, over: Node) -> Node:
    """
    *over* laid over *base*, as JSON Merge Patch does (RFC 7396).

    Groups are merged key by key, ``null`` deletes a key, and anything else takes the place of
    what was there, lists too.
    """
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
        if not _deletes(new):
            both = isinstance(value, MappingNode) and isinstance(new, MappingNode)
            pairs.append((key if both else new_key, merged(value, new)))
    pairs += [(key, value) for key, value in changed.values() if not _deletes(value)]
    return group(base, pairs)


def in_environment(root: MappingNode, env: str) -> MappingNode:
    """
    *root* with its environment *env* laid over it.

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
    whole = merged(root, over)
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


def _deletes(node: Node) -> bool:
    """Whether it is a ``null`` that somebody wrote; nothing at all is a mistake."""
    return isinstance(node, ScalarNode) and node.tag == PLAIN and node.value in {"null", "~"}
