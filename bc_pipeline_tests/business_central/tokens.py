"""Access tokens from the fake, and what is stored of them."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from bc_pipeline.business_central.auth import SYSTEM, AccessTokens
from bc_pipeline.business_central.throttle import Throttle
from bc_pipeline.http.session import new_session
from bc_pipeline.tenants.secrets import StoredToken, TokenStore
from bc_pipeline_tests.business_central.fake import QUICK, FakeBusinessCentral, Reply, make_tenant


def access(fake: FakeBusinessCentral, home: Path, **settings: Any) -> AccessTokens:
    cancel = threading.Event()
    tenant = make_tenant(fake.url, home, **settings)
    return AccessTokens(tenant, TokenStore(home), new_session(5), Throttle(5, 6000, cancel), QUICK)


def stored(home: Path) -> StoredToken:
    token = TokenStore(home).load("acme", SYSTEM)
    assert token
    return token


def store_again(home: Path, **changes: Any) -> None:
    from dataclasses import replace

    TokenStore(home).save("acme", SYSTEM, replace(stored(home), **changes))


def token_reply(status: int = 200, **answer: Any) -> Reply:
    return Reply(status, json.dumps(answer).encode())


def answer_tokens(fake: FakeBusinessCentral, *replies: Reply) -> None:
    left = list(replies)
    fake.on(
        lambda seen: (
            (left.pop(0) if len(left) > 1 else left[0]) if seen.path.endswith("/token") else None
        )
    )


def forms(fake: FakeBusinessCentral) -> list[dict[str, str]]:
    return [seen.form for seen in fake.seen if seen.path.endswith("/token")]
