"""``bc-pipeline sandbox``: Business Central and Optiply to play with."""

from __future__ import annotations

from typing import Any

import click

from bc_pipeline.cli.output import SUCCESS, answer, json_option, message, print_json
from bc_pipeline.cli.own_home import owned, refuse_taken
from bc_pipeline.errors import ConfigError
from bc_pipeline.tenants import registry

DEFAULT_PORT = 8420


@click.group(invoke_without_command=True)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="0 takes a free one.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the generated company.")
@json_option
@click.pass_context
def sandbox(context: click.Context, port: int, seed: int, as_json: bool) -> int:
    """Serve Business Central, its sign-in and Optiply on this machine until interrupted.

    Two companies, two tenants, all in memory. Settings for them, exports switched on, are written
    to <BC_PIPELINE_HOME>/sandbox/tenants.yaml.
    """
    if context.invoked_subcommand:
        return SUCCESS
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
            elsewhere = f" --url {url}" if port != DEFAULT_PORT else ""
            click.echo(
                f"Order goods in Optiply, once synced: bc-pipeline sandbox order cronus{elsewhere}"
            )
            click.echo(f"Or connect a shop by hand: bc-pipeline connect acme --sandbox {url}")
            click.echo(f"  App registration: {' '.join(app)}")
            click.echo(f"  Optiply's credentials: {' '.join(credentials.values())}")
            message("Ctrl-C ends it; what it holds is lost then.")
        try:
            served.wait()
        except KeyboardInterrupt:
            message("Sandbox ended")
    return SUCCESS


url_option = click.option(
    "--url",
    default=f"http://127.0.0.1:{DEFAULT_PORT}",
    show_default=True,
    help="Of the sandbox that runs, as it printed it.",
)


@sandbox.command(short_help="Order goods in Optiply, as a user there does.")
@click.argument("shop")
@click.option("--pieces", type=click.IntRange(1), default=12, show_default=True, help="Of each.")
@url_option
@json_option
def order(shop: str, pieces: int, url: str, as_json: bool) -> int:
    """Order goods in the Optiply of a running sandbox, as a user there does.

    SHOP is cronus or wholesale. The first goods of a supplier are ordered; the next tick, or
    bc-pipeline export, makes a purchase order of it in Business Central.
    """
    told = _control(url, "orders", {"shop": shop, "pieces": pieces})
    text = f"Buy order {told['id']} in Optiply: {told['lines']} products of {told['supplier']}"
    return answer(told, text, as_json=as_json)


@sandbox.command("sign-out", short_help="End every consent, to see what happens then.")
@url_option
@json_option
def sign_out(url: str, as_json: bool) -> int:
    """End every consent at the Microsoft of a running sandbox, to see what happens then.

    The next sync of a tenant somebody consented for fails and says so; bc-pipeline connect TENANT
    repairs it.
    """
    _control(url, "sign-out", {})
    text = "Every consent has ended: sync fails until bc-pipeline connect TENANT renews it"
    return answer({"signed_out": True}, text, as_json=as_json)


def _control(url: str, what: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever it answers
    """Have a running sandbox do something.

    Raises:
        ConfigError: none answers there, or it says why it cannot.
    """
    import requests

    try:
        told = requests.post(f"{url}/_control/{what}", json=body, timeout=30).json()
    except requests.RequestException:
        raise ConfigError(
            f"no sandbox answers on {url}: start one with bc-pipeline sandbox or make dev, or name "
            "its address with --url"
        ) from None
    if told and "error" in told:
        raise ConfigError(told["error"].removeprefix("ValueError: "))
    return told
