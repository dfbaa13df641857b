"""An alert policy in a file of its own, to be tried on an SLO that has another."""

from __future__ import annotations

from pathlib import Path

from synthetics.config.files import read
from synthetics.config.model import Config, Slo
from synthetics.config.nodes import bound_aliases, construct
from synthetics.config.problems import ConfigError
from synthetics.config.reader import Reader
from synthetics.config.references import References
from synthetics.config.show import show
from synthetics.config.slos import read_alerting, with_policy
from synthetics.config.syntax import Misread


def load_policy(path: Path, config: Config, slo: Slo) -> Slo:
    """
    *slo* of *config* with the policy in the file *path*: an `alerting:` block and nothing else.

    What the block does not say has its default, not what the SLO says now.

    Raises:
        ConfigError: With every problem that was found, in file order.
    """
    files = read(path)
    problems = list(files.problems)
    references = References({}, path.parent)
    tried = slo
    if files.root is not None:
        try:
            bound_aliases(files.root)
            data, misreads = construct(files.root)
        except Misread as misread:
            problems.append(misread)
        else:
            reader = Reader(files.root, data, references, {})
            for key in data:
                if key != "alerting":
                    reader.unknown_key((key,), ["alerting"])
            if "alerting" not in data:
                reader.report((), "`alerting` is missing", "write the policy below `alerting:`")
            tried = with_policy(reader, slo, read_alerting(reader), config)
            problems += misreads + reader.problems
    if problems:
        raise ConfigError(show(problems, files.texts, references.mask(), []))
    return tried
