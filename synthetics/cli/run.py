"""``synthetics run``: the service."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synthetics.cli.common import config_option, db_option, environment, loaded, refuse
from synthetics.service import origin

if TYPE_CHECKING:
    from synthetics.service.service import Settings


@click.command()
@config_option("File or directory to read; read again at SIGHUP and POST /-/reload.")
@db_option("Database; made if it is missing.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to serve on; :: for all."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=9380,
    show_default=True,
    help="Port to serve on; 0 takes a free one and logs it.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How log lines are written.",
)
@click.option(
    "--blackbox",
    type=click.Path(path_type=Path),
    help="Also answer /probe by this module file of blackbox_exporter: an open prober.",
)
def command(
    *, config: Path, db: Path, host: str, port: int, log_format: str, blackbox: Path | None
) -> None:
    """
    Run the service: probe, count, page.

    SIGTERM and SIGINT stop it in order, a second one at once; SIGHUP reads the configuration
    again.  Logs go to stderr.
    """
    # Until there is something to reload: it would end a process that is still being set up.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        origin.check()
    except origin.OriginError as error:
        refuse(str(error))
    from synthetics.service.service import Settings

    settings = Settings(
        config=config, env=environment(), database=db, host=host, port=port, blackbox=blackbox
    )
    sys.exit(_run(settings, log_format))


def _run(settings: Settings, log_format: str) -> int:
    """Everything that needs our packages, imported only now that they are known to be ours."""
    from synthetics.config.problems import ConfigError, render
    from synthetics.service import logs
    from synthetics.service.loop import new_event_loop
    from synthetics.service.service import Service, StartError
    from synthetics.store import StoreError

    masking = logs.configure(log_format)
    config = loaded(settings.config)
    gc.freeze()  # what stays need not be looked through: 70 ms with 10,000 probes, and all waits

    async def serve() -> int:
        return await Service(settings, config, environ=os.environ, masking=masking).run()

    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            return runner.run(serve())
    except ConfigError as error:
        refuse(render(error.problems))
    except (StoreError, StartError) as error:
        refuse(str(error))
