"""What topics and groups of consumers may be called."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from probes.fields import FilledText, Refused, Template

_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
_UNKNOWN = "***"
"""What a reference to a secret is where nobody may look it up."""

LONGEST_GROUP = 255


def is_topic(name: str) -> bool:
    """Whether a topic can be called *name*."""
    return _TOPIC.fullmatch(name) is not None and name not in {".", ".."}


def _topic(name: str) -> str:
    if not is_topic(name):
        mend = "write letters, digits, `.`, `_` and `-`, 249 at most"
        raise Refused(f"`{name}` is no name of a topic", mend=mend)
    return name


def _filled_topic(written: Template) -> Template:
    name = written.render()
    if _UNKNOWN not in name:
        _topic(name)
    return written


def _group(name: str) -> str:
    if not 1 <= len(name.encode()) <= LONGEST_GROUP:
        raise Refused(f"a name of a group has 1 to {LONGEST_GROUP} bytes")
    return name


TopicName = Annotated[str, AfterValidator(_topic)]
"""The name of a topic, as it is."""

Topic = Annotated[FilledText, AfterValidator(_filled_topic)]
"""The name of a topic, references in it filled in."""

GroupName = Annotated[str, AfterValidator(_group)]
"""The name of a group of consumers."""
