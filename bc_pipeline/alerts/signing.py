"""How a webhook is signed: Standard Webhooks 1.0.0 (standardwebhooks.com), symmetric.

The library of that name brings an HTTP client of its own for what are these few lines; they are
tested against its published example.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from pydantic import SecretStr

from bc_pipeline.tenants.alert_settings import webhook_key


def signed(secret: SecretStr, message_id: str, at: datetime, body: bytes) -> Mapping[str, str]:
    """The headers that tell a receiver whose message it is, and that it was not changed.

    Args:
        secret: as both sides have it, ``whsec_...``.
        message_id: the same each time the message is sent, so that it is not taken twice.
        at: when it is sent.
        body: exactly what is sent.
    """
    stamp = str(int(at.timestamp()))
    content = b".".join((message_id.encode(), stamp.encode(), body))
    digest = hmac.new(webhook_key(secret), content, sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
