"""
What stands elsewhere put in its place, before anything is checked: environments and templates.

Both work on nodes, so that every piece keeps the place where it was written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from yaml.error import Mark
from yaml.nodes import MappingNode, Node, ScalarNode

from synthetics.config.filling import Values, fill, holes
from synthetics.config.merging import (
    OF_A_USE,
    PROBES,
    USE,
    WITH,
    Overlay,
    at,
    group,
    in_environment,
    pairs_of,
    with_section,
)
from synthetics.config.nodes import key_of, width_of
from synthetics.config.syntax import PLAIN, Misread, Path
from synthetics.config.words import clip, did_you_mean

TEMPLATES = "templates"


@dataclass(frozen=True, slots=True)
class Use:
    """That the probe *name* was made of *template*, and the *key* under which it says so."""

    name: str
    template: str
    key: Node


@dataclass(frozen=True, slots=True)
class Expanded:
    """
    A document without anything left to put in its place.

    Attributes:
        root: The document.
        uses: What was made of templates, by probe.
        users: The probes of each template, the first in the document first.
        problems: What was wrong with that.
        spoiled: Probes of which more need not be said.
    """

    root: MappingNode
    uses: Mapping[str, Use] = field(default_factory=dict)
    users: Mapping[str, Sequence[Use]] = field(default_factory=dict)
    problems: Sequence[Misread] = ()
    spoiled: frozenset[str] = frozenset()

    def told(self, misread: Misread) -> Misread | None:
        """
        *misread*, found in the document, as it concerns whoever wrote it.

        What stands in a template is said of the template, once, and with who uses it; ``None``
        if it only follows from another problem.
        """
        if misread.path[:1] != (PROBES,):
            return misread
        name = str(misread.path[1]) if len(misread.path) > 1 else ""
        if name in self.spoiled:
            return None
        use = self.uses.get(name)
        template = None if use is None else use.template
        node = None if template is None else at(self.root, TEMPLATES, template)
        if template is None or node is None or not _within(misread.mark, node):
            return misread
        like = self.users[template]
        more = f" and {len(like) - 1} more" if len(like) > 1 else ""
        where = _line(like[0].key.start_mark, misread.mark)
        return Misread(
            misread.mark,
            f"{misread.what} (used by `{like[0].name}`, {where}{more})",
            misread.mend,
            path=(TEMPLATES, template, "probe", *misread.path[2:]),
            width=misread.width,
        )


def expand(root: MappingNode, env: str) -> Expanded:
    """
    Lay the environment *env* over *root*, if one is named, and make probes of templates.

    What has the wrong form is left as it is: whoever checks the document says so.

    Raises:
        Misread: There is no such environment.
    """
    problems: list[Misread] = []
    if env:
        root = in_environment(root, env, problems)
    if at(root, TEMPLATES) is None:
        return Expanded(root, problems=problems)
    return _with_templates(root, problems)


def _with_templates(root: MappingNode, problems: list[Misread]) -> Expanded:
    templates, probes = at(root, TEMPLATES), at(root, PROBES)
    made, wrong = {}, set()
    for name, node in pairs_of(templates).items():
        before = len(problems)
        template = _template(name, node, problems)
        if template is not None:
            made[name] = template
        if len(problems) > before:
            wrong.add(name)
    if not isinstance(probes, MappingNode):
        return Expanded(root, problems=problems)
    uses: dict[str, Use] = {}
    users: dict[str, list[Use]] = {}
    spoiled: set[str] = set()
    pairs: list[tuple[Node, Node]] = []
    for key, node in probes.value:
        probe, use = key_of(key), pairs_of(node).get(USE)
        if probe is None or not isinstance(use, ScalarNode):
            pairs.append((key, node))
            continue
        known = made.get(use.value)
        if known is None:
            pairs.append((key, node))
            spoiled.add(probe)
            if use.value not in pairs_of(templates):
                problems.append(_unknown(probe, use, list(made)))
            continue
        before = len(problems)
        filled = _filled(known, probe, node, problems)
        if len(problems) > before or known.name in wrong:
            spoiled.add(probe)
        own = group(node, [each for each in node.value if key_of(each[0]) not in OF_A_USE])
        pairs.append((key, Overlay(problems).merged(filled, own, (PROBES, probe))))
        uses[probe] = Use(probe, known.name, use)
        users.setdefault(known.name, []).append(uses[probe])
    whole = with_section(root, PROBES, group(probes, pairs))
    return Expanded(whole, uses, users, problems, frozenset(spoiled))


def _unknown(probe: str, use: Node, known: Sequence[str]) -> Misread:
    name = str(use.value)
    return Misread(
        use.start_mark,
        f"there is no template `{clip(name)}`",
        did_you_mean(name, known, none="add it below `templates`"),
        path=(PROBES, probe, USE),
        width=width_of(use),
    )


@dataclass(frozen=True, slots=True)
class Template:
    """
    One template.

    Attributes:
        needs: Its parameters, each with what it is if a use says nothing; ``None``: it must.
        probe: What probes are made of.
    """

    name: str
    needs: Mapping[str, Node | None]
    probe: MappingNode


def _template(name: str, node: Node, problems: list[Misread]) -> Template | None:
    """The template *name*; ``None`` if it has another form than one."""
    parts = pairs_of(node) if isinstance(node, MappingNode) else {}
    probe, parameters = parts.get("probe"), parts.get("parameters")
    if not isinstance(probe, MappingNode):
        return None
    needs: dict[str, Node | None] = {}
    declared = parameters.value if isinstance(parameters, MappingNode) else ()
    path: Path = (TEMPLATES, name)
    used = list(holes(probe))
    named = {hole for hole, _ in used}
    for key, about in declared:
        known = key_of(key)
        if known is None:
            continue
        needs[known] = pairs_of(about).get("default") if isinstance(about, MappingNode) else None
        if known not in named:
            problems.append(
                Misread(
                    key.start_mark,
                    f"the template says nowhere what `{clip(known)}` is for",
                    f"write ${{with:{clip(known)}}} where it belongs, or delete it",
                    path=(*path, "parameters", known),
                    width=width_of(key),
                )
            )
    for hole, where in used:
        if hole not in needs:
            problems.append(
                Misread(
                    where.start_mark,
                    f"the template has no parameter `{clip(hole)}`",
                    did_you_mean(hole, list(needs), none="add it below `parameters`"),
                    path=(*path, "probe"),
                    width=width_of(where),
                )
            )
            needs[hole] = ScalarNode(PLAIN, "", where.start_mark, where.end_mark)
    return Template(name, needs, probe)


def _filled(template: Template, name: str, node: Node, problems: list[Misread]) -> Node:
    """What *template* is for the probe *name*, which is written as *node*."""
    parts = pairs_of(node)
    given = parts.get(WITH)
    path: Path = (PROBES, name)
    values: dict[str, Node] = {k: v for k, v in template.needs.items() if v is not None}
    for key, value in given.value if isinstance(given, MappingNode) else ():
        known = key_of(key)
        if known is None:
            continue
        if known not in template.needs:
            problems.append(
                Misread(
                    key.start_mark,
                    f"the template `{template.name}` has no parameter `{clip(known)}`",
                    did_you_mean(known, list(template.needs), none="delete it"),
                    path=(*path, WITH, known),
                    width=width_of(key),
                )
            )
        values[known] = value
    missing = [known for known in template.needs if known not in values]
    if missing:
        use = parts[USE]
        said = ", ".join(f"`{clip(known)}`" for known in missing)
        problems.append(
            Misread(
                use.start_mark,
                f"the template `{template.name}` needs {said}",
                f"add it, as `with: {{{missing[0]}: …}}`",
                path=(*path, USE),
                width=width_of(use),
            )
        )
        mark = use.start_mark
        values |= {known: ScalarNode(PLAIN, "", mark, use.end_mark) for known in missing}
    return fill(template.probe, Values(values, (*path, WITH)), problems)


def _within(mark: Mark, node: Node) -> bool:
    start, end = node.start_mark, node.end_mark
    after = (start.line, start.column) <= (mark.line, mark.column)
    return mark.name == start.name and after and (mark.line, mark.column) < (end.line, end.column)


def _line(mark: Mark, seen_from: Mark) -> str:
    line = mark.line + 1
    return f"line {line}" if mark.name == seen_from.name else f"{mark.name}:{line}"
