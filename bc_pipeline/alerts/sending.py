"""One message to one address. Nothing here waits for long, and nothing tells the address: it is as
good as a password."""

from __future__ import annotations

import logging
import threading

import orjson

from bc_pipeline import clock
from bc_pipeline.alerts.message import Message
from bc_pipeline.alerts.signing import signed
from bc_pipeline.errors import PipelineError
from bc_pipeline.tenants.alert_settings import AlertAddress

TIMEOUT = (3.0, 4.0)
"""Seconds for the connection, and for each part of the answer."""
LONGEST = 15.0
"""Seconds for all of it: whoever answers byte by byte, or has many addresses, is waited for no
longer."""


class NotSent(PipelineError):
    """A message did not get through; it is sent again later."""


def send(address: AlertAddress, message: Message) -> None:
    """Send it.

    Raises:
        NotSent: it did not get through; says why, without the address.
    """
    ended: list[NotSent | None] = []

    def tried() -> None:
        try:
            (_to_webhook if address.is_webhook else _by_apprise)(address, message)
        except NotSent as error:
            ended.append(error)
        except Exception as error:  # noqa: BLE001 - its text may hold the address
            ended.append(NotSent(f"sending failed ({type(error).__name__})"))
        else:
            ended.append(None)

    # No library used here ends an exchange in which something arrives now and then.
    thread = threading.Thread(target=tried, name="an alert", daemon=True)
    thread.start()
    thread.join(LONGEST)
    outcome = ended[0] if ended else NotSent("no answer in time")
    if outcome is not None:
        raise outcome


def _to_webhook(address: AlertAddress, message: Message) -> None:
    import requests  # an idle tick sends nothing

    assert address.secret is not None
    body = orjson.dumps(message.as_json())
    headers = {
        "Content-Type": "application/json",
        **signed(address.secret, message.id, clock.now(), body),
    }
    try:
        with requests.post(
            address.url.get_secret_value().strip(),
            data=body,
            headers=headers,
            timeout=TIMEOUT,
            allow_redirects=False,
            stream=True,
        ) as answer:
            status = answer.status_code
    except requests.Timeout:
        raise NotSent("no answer in time") from None
    except requests.exceptions.SSLError:
        raise NotSent("its certificate is not trusted") from None
    except requests.RequestException as error:
        raise NotSent(f"not reachable ({type(error).__name__})") from None
    if not 200 <= status < 300:
        raise NotSent(f"it answered HTTP {status}")


def _by_apprise(address: AlertAddress, message: Message) -> None:
    import apprise

    # What it logs may hold the address, or what a server says about it.
    logging.getLogger("apprise").disabled = True
    try:
        service = apprise.Apprise.instantiate(
            address.url.get_secret_value().strip(),
            # Nobody but the address that was named is told, wherever that sends us.
            asset=apprise.AppriseAsset(http_redirects=False),
            suppress_exceptions=True,
        )
        if service is None:
            raise NotSent(f"Apprise does not understand this {address.scheme}:// address")
        if service.overflow_mode is apprise.OverflowMode.UPSTREAM:
            # Services refuse what is too long for them; it would be lost.
            service.overflow_mode = apprise.OverflowMode.SPLIT
        sent = service.notify(
            title=message.title, body=message.text, body_format=apprise.NotifyFormat.TEXT
        )
    except NotSent:
        raise
    except Exception as error:  # noqa: BLE001 - of a plug-in, or of what it needs
        raise NotSent(f"Apprise failed ({type(error).__name__})") from None
    if not sent:
        raise NotSent(f"the {address.scheme} service did not take it")
