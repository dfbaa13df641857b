"""``synthetics slo rules``."""

from __future__ import annotations

from pathlib import Path

import click

from synthetics.cli.common import config_option, loaded_for_results


@click.command
@config_option()
def command(*, config: Path) -> None:
    """
    Print the alert policies of all SLOs as rules for Prometheus.

    For teams that alert from Prometheus, Thanos or Mimir: recording rules for the error
    ratio of each window, and alerting rules for each tier, over the metrics that the
    service shows.  What rules cannot say is named in comments.
    """
    from synthetics.web.alert_rules import alert_rules

    click.echo(alert_rules(loaded_for_results(config)), nl=False)
