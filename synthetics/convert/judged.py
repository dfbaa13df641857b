"""What a draft comes to under our own loader: what that refuses is left out, and named."""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path

from synthetics.config.load import load
from synthetics.config.problems import ConfigError
from synthetics.convert.draft import Draft

_FILE = re.compile(r"\$\{file:[^}]*\}")
_PEM = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"
_SAMPLE = "sample-of-a-template"
_USED_BY = re.compile(rf" \(used by `{_SAMPLE}[^)]*\)")
_MOST_ROUNDS = 20


def settle(draft: Draft) -> None:
    """
    Leave out of *draft* what our loader refuses, and note why.

    The secrets are those of the file; a file that is referred to is one that will be there.

    Raises:
        ConfigError: What it refuses cannot be left out.
    """
    environ = {name: value for name, (value, _) in draft.env.items()} | {"A_FILE": _PEM}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "synthetics.yaml"
        for _ in range(_MOST_ROUNDS):
            if not draft.probes and not draft.templates:
                return
            text = _FILE.sub("${env:A_FILE}", _with_samples(draft))
            file.write_text(text, encoding="utf-8")
            try:
                load(file, environ=environ)
            except ConfigError as error:
                dropped = [_drop(draft, one.path, one.what) for one in error.problems]
                if not any(dropped):
                    raise
            else:
                return


def _with_samples(draft: Draft) -> str:
    """The text, with a probe for each template."""
    probes = {
        name: {"service": _SAMPLE, "every": "1h", "use": name, "with": {"target": target}}
        for name, target in draft.samples.items()
        if name in draft.templates
    }
    services = {_SAMPLE: {"name": "sample"}} if probes else {}
    sampled = replace(
        draft,
        services=draft.services | services,
        probes=draft.probes | {f"{_SAMPLE}-{name}": one for name, one in probes.items()},
    )
    return sampled.yaml()


def _drop(draft: Draft, path: str, what: str) -> bool:
    """Leave out what the problem at *path* is about; whether that is a part of its own."""
    section, _, rest = path.partition(".")
    if section == "slos":
        for name, slo in draft.slos().items():
            if rest.removeprefix(name)[:1] in ("", ".", "["):
                draft.told.pop(slo["service"], None)
                draft.note(1, f"nobody is told of {slo['service']}: {what}")
                return True
    if section == "probes" and rest.startswith(f"{_SAMPLE}-"):
        section, rest = "templates", rest.removeprefix(f"{_SAMPLE}-")
    for name in sorted(getattr(draft, section, ()), key=len, reverse=True):
        below = rest.removeprefix(name)
        if section not in ("probes", "receivers", "templates"):
            return False
        if below != rest and below[:1] in ("", ".", "["):
            del getattr(draft, section)[name]
            if section == "receivers":
                for told in draft.told.values():
                    told.pop(name, None)
            at = below.lstrip(".")
            where = f"its {at}: " if at else ""
            what = _USED_BY.sub("", what)
            file, line = draft.places.get(name, (draft.file, 1))
            draft.note(line, f"{section[:-1]} {name} is left out: {where}{what}", file=file)
            return True
    return False
