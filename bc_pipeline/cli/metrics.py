"""``bc-pipeline metrics``: figures for Prometheus."""

from __future__ import annotations

from pathlib import Path

import click

from bc_pipeline.cli import output
from bc_pipeline.tenants import files, registry


@click.command()
@click.option(
    "--output",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write this file, replaced as a whole, for node_exporter's textfile collector "
    "(readable for others); without it, stdout.",
)
@output.json_option
def metrics(target: Path | None, as_json: bool) -> int:
    """Figures of every tenant in the text format of Prometheus.

    Reads only the tenants' own files. Run it once a minute by cron or a timer.
    """
    from bc_pipeline.alerts.metrics import written

    text = written(registry.load())
    if target is not None:
        try:
            files.replace(target, text, durable=False)
            target.chmod(0o644)
        except OSError as error:
            raise click.ClickException(f"{target} cannot be written ({error.strerror})") from None
        return output.answer({"file": str(target)}, f"{target} is written", as_json=as_json)
    return output.answer({"metrics": text.decode()}, text.decode().rstrip(), as_json=as_json)
