"""``bc-pipeline sandbox``: Business Central and Optiply to play with."""

from __future__ import annotations

import click

from bc_pipeline.cli.output import SUCCESS, json_option, message, print_json
from bc_pipeline.cli.own_home import owned, refuse_taken
from bc_pipeline.tenants import registry

DEFAULT_PORT = 8420


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="0 takes a free one.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the generated company.")
@json_option
def sandbox(port: int, seed: int, as_json: bool) -> int:
    """Serve Business Central, its sign-in and Optiply on this machine until interrupted.

    Two companies, two tenants, all in memory. Settings for them, exports switched on, are written
    to <BC_PIPELINE_HOME>/sandbox/tenants.yaml.
    """
    from bc_pipeline.sandbox import Sandbox

    home = registry.home_directory() / "sandbox"
    refuse_taken({port: "--port"})
    with owned(home), Sandbox(seed=seed, port=port) as served:
        home.mkdir(parents=True, exist_ok=True)
        tenants = served.write_tenants(home, exports=True)
        url, app, credentials = served.base_url, served.app(), served.credentials()
        if as_json:
            print_json(
                {
                    "url": url,
                    "home": str(home),
                    "tenants": str(tenants),
                    "app": dict(zip(("client_id", "client_secret"), app, strict=True)),
                    "optiply": credentials,
                }
            )
        else:
            click.echo(f"Sandbox on {url}; its two tenants are in {tenants}")
            click.echo(f"Try: BC_PIPELINE_HOME={home} bc-pipeline sync --all")
            click.echo(f"Or connect a shop by hand: bc-pipeline connect acme --sandbox {url}")
            click.echo(f"  App registration: {' '.join(app)}")
            click.echo(f"  Optiply's credentials: {' '.join(credentials.values())}")
            message("Ctrl-C ends it; what it holds is lost then.")
        try:
            served.wait()
        except KeyboardInterrupt:
            message("Sandbox ended")
    return SUCCESS
