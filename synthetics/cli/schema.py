"""``synthetics schema``."""

from __future__ import annotations

import json

import click


@click.command
def command() -> None:
    """
    Print the JSON Schema of the configuration, for editors.

    Save it beside the configuration, and begin that with the line
    `# yaml-language-server: $schema=./synthetics.schema.json`.
    """
    from synthetics.config.schema import json_schema
    from synthetics.kinds import KindError

    try:
        schema = json_schema()
    except KindError as error:
        click.echo(str(error), err=True)
        raise SystemExit(2) from None
    click.echo(json.dumps(schema, ensure_ascii=False, indent=2))
