from __future__ import annotations

import json
import logging
import threading
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.business_central.auth import SCOPE, SYSTEM, AccessTokens
from bc_pipeline.business_central.throttle import Throttle
from bc_pipeline.errors import AuthError, Cancelled, RequestFailed
from bc_pipeline.http.session import new_session
from bc_pipeline.tenants.secrets import StoredToken, TokenStore
from bc_pipeline_tests.business_central.fake import (
    QUICK,
    SECRET,
    SEED,
    FakeBusinessCentral,
    Reply,
    Seen,
    make_tenant,
)


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


def test_given_a_seed_then_the_first_token_comes_by_the_refresh_token_grant(fake, tmp_path):
    assert access(fake, tmp_path, entra_tenant="contoso.nl").token() == "access-1"

    assert fake.seen[0].path == "/contoso.nl/oauth2/v2.0/token"
    assert forms(fake) == [
        {
            "grant_type": "refresh_token",
            "client_id": "the-app",
            "client_secret": SECRET,
            "refresh_token": SEED,
            "scope": f"{SCOPE} offline_access",
        }
    ]


def test_given_no_refresh_token_then_client_credentials_are_used_and_the_token_is_kept(
    fake, tmp_path
):
    assert access(fake, tmp_path, refresh_token=None).token() == "access-1"
    assert access(fake, tmp_path, refresh_token=None).token() == "access-1"

    (form,) = forms(fake)
    assert form["grant_type"] == "client_credentials"
    assert form["scope"] == SCOPE
    assert "refresh_token" not in form


def test_given_a_rotated_token_then_it_is_on_disk_before_the_access_token_is_handed_out(
    fake, tmp_path, monkeypatch
):
    tokens = access(fake, tmp_path)

    def fail(self: TokenStore, *arguments: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(TokenStore, "save", fail)
        with pytest.raises(OSError, match="disk full"):
            tokens.token()

    assert tokens.token() == "access-2"
    assert stored(tmp_path).refresh_token == "refresh-2"


def test_given_a_stored_token_that_still_lasts_then_a_new_process_uses_it(fake, tmp_path):
    access(fake, tmp_path).token()

    assert access(fake, tmp_path).token() == "access-1"
    assert fake.tokens_issued == 1


def test_given_an_expired_access_token_then_the_rotated_refresh_token_renews_it(fake, tmp_path):
    access(fake, tmp_path).token()
    store_again(tmp_path, expires_at=datetime.now(UTC) + timedelta(seconds=119))

    assert access(fake, tmp_path).token() == "access-2"
    assert [form["refresh_token"] for form in forms(fake)] == [SEED, "refresh-1"]
    assert stored(tmp_path).refresh_token == "refresh-2"


@pytest.mark.parametrize(
    ("lifetime", "left", "renewed"),
    [(3600, 130, False), (3600, 110, True), (100, 12, False), (100, 8, True)],
)
def test_given_little_time_left_then_the_token_is_renewed_in_time(
    fake, tmp_path, lifetime: int, left: int, renewed: bool
):
    access(fake, tmp_path).token()
    store_again(
        tmp_path,
        lifetime_seconds=float(lifetime),
        expires_at=datetime.now(UTC) + timedelta(seconds=left),
    )

    access(fake, tmp_path).token()

    assert fake.tokens_issued == (2 if renewed else 1)


@pytest.mark.parametrize(
    "changed",
    [{"refresh_token": "another-seed"}, {"client_id": "another"}, {"entra_tenant": "other.nl"}],
)
def test_given_changed_credentials_then_the_stored_token_is_dropped(fake, tmp_path, changed):
    access(fake, tmp_path).token()

    assert access(fake, tmp_path, **changed).token() == "access-2"
    assert forms(fake)[1]["refresh_token"] == changed.get("refresh_token", SEED)


def test_given_a_new_client_secret_only_then_the_rotated_token_is_kept(fake, tmp_path):
    access(fake, tmp_path).token()
    store_again(tmp_path, expires_at=datetime.now(UTC))

    access(fake, tmp_path, client_secret="new").token()

    assert forms(fake)[1]["refresh_token"] == "refresh-1"


def test_given_an_answer_without_rotation_then_the_refresh_token_stays(fake, tmp_path):
    answer_tokens(fake, token_reply(access_token="a", expires_in=3600))

    access(fake, tmp_path).token()

    assert stored(tmp_path).refresh_token == SEED


def test_given_threads_with_one_refused_token_then_they_share_one_renewal(fake, tmp_path):
    tokens = access(fake, tmp_path)
    old = tokens.token()
    got: list[str] = []

    threads = [threading.Thread(target=lambda: got.append(tokens.renew(old))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert got == ["access-2"] * 8
    assert fake.tokens_issued == 2


def test_given_a_late_401_for_an_older_token_then_the_newer_one_is_used(fake, tmp_path):
    tokens = access(fake, tmp_path)
    first = tokens.token()
    second = tokens.renew(first)

    assert tokens.renew(first) == second
    assert fake.tokens_issued == 2


def test_given_another_process_that_renewed_meanwhile_then_its_token_is_used(fake, tmp_path):
    tokens = access(fake, tmp_path)
    old = tokens.token()
    store_again(tmp_path, access_token="from-elsewhere", refresh_token="rotated-elsewhere")

    assert tokens.renew(old) == "from-elsewhere"
    assert fake.tokens_issued == 1


@pytest.mark.parametrize(
    ("error", "todo"),
    [
        ("invalid_grant", "sign in again"),
        ("invalid_client", "client secret"),
        ("unauthorized_client", "client_id"),
        ("invalid_scope", "API.ReadWrite.All"),
        ("invalid_request", "entra_tenant"),
        ("interaction_required", "sign in again"),
        ("consent_required", "sign in again"),
        ("login_required", "sign in again"),
        ("something_new", "check"),
    ],
)
@pytest.mark.covers("decision 35")
def test_given_a_refusal_then_it_is_never_repeated_and_says_what_to_do(
    fake, tmp_path, error: str, todo: str
):
    answer_tokens(fake, token_reply(400, error=error, error_description=f"AADSTS7000: {SECRET}"))
    tokens = access(fake, tmp_path)

    for _ in range(3):
        with pytest.raises(AuthError, match=todo) as caught:
            tokens.token()

    assert error in str(caught.value)
    assert "acme" in str(caught.value)
    assert len(forms(fake)) == 1, "neither repeated nor asked again by the next thread"


def test_given_a_stored_token_that_is_refused_then_nothing_else_is_tried(fake, tmp_path):
    access(fake, tmp_path).token()
    store_again(tmp_path, expires_at=datetime.now(UTC))
    answer_tokens(fake, token_reply(400, error="invalid_grant"))

    with pytest.raises(AuthError):
        access(fake, tmp_path).token()

    assert [form["refresh_token"] for form in forms(fake)] == [SEED, "refresh-1"]
    assert stored(tmp_path).refresh_token == "refresh-1"


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(429, b"", {"Retry-After": "0"}),
        Reply(503, b"<html>"),
        token_reply(400, error="temporarily_unavailable"),
        token_reply(400, error="server_error"),
        Reply(408, b""),
        Reply(200, b"<html>"),
        Reply(200, b'{"access_tok', length=200),
        Reply(200, b""),
        Reply(200, b"null"),
        Reply(200, b'["access_token"]'),
        Reply(200, b"\xff\xfe"),
        token_reply(200, token_type="Bearer", expires_in=3599),
        token_reply(200, access_token="", expires_in=3599),
        token_reply(200, access_token=None),
        Reply(204, b""),
        Reply(202, b"{}"),
    ],
    ids=[
        *("429", "503", "temporarily_unavailable", "server_error", "408", "not JSON", "cut short"),
        *("empty", "null", "a list", "no text", "no token", "blank token", "null token"),
        *("204", "202"),
    ],
)
@pytest.mark.covers("decision 35", "decision 41")
def test_given_passing_trouble_then_it_is_repeated(fake, tmp_path, trouble: Reply):
    answer_tokens(fake, trouble, trouble, token_reply(access_token="good", expires_in=3600))

    assert access(fake, tmp_path).token() == "good"
    assert len(forms(fake)) == 3


@pytest.mark.covers("decision 41")
def test_given_answers_that_stay_unreadable_then_that_is_said_and_no_credentials_are_blamed(
    fake, tmp_path
):
    answer_tokens(fake, Reply(200, b"<html>Please sign in to the guest network</html>"))

    with pytest.raises(RequestFailed, match=r"HTTP 200, .* is a proxy in between\?"):
        access(fake, tmp_path).token()


@pytest.mark.covers("decision 35")
@pytest.mark.parametrize("error", ["consent_required", "interaction_required"])
def test_given_no_person_behind_the_token_then_an_administrator_is_called(
    fake, tmp_path, error: str
):
    answer_tokens(fake, token_reply(400, error=error))

    with pytest.raises(AuthError, match="administrator") as caught:
        access(fake, tmp_path, refresh_token=None).token()

    assert "sign in again" not in str(caught.value)


@pytest.mark.covers("decision 35")
@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        *(("3599", 3599), (" 60 ", 60), (1800.5, 1800.5)),
        *(
            (each, 3599)
            for each in ("soon", "", None, 0, -5, True, [], {}, "NaN", "1e400", 10**400)
        ),
    ],
)
def test_given_a_lifetime_that_is_no_number_then_the_usual_one_is_taken(
    fake, tmp_path, told: Any, seconds: float
):
    answer_tokens(fake, token_reply(access_token="a", expires_in=told))

    assert access(fake, tmp_path).token() == "a"

    assert stored(tmp_path).lifetime_seconds == seconds


def test_given_trouble_that_stays_then_it_is_no_auth_error_and_the_token_is_kept(fake, tmp_path):
    access(fake, tmp_path).token()
    store_again(tmp_path, expires_at=datetime.now(UTC))
    answer_tokens(fake, Reply(503, b""))

    with pytest.raises(RequestFailed, match="503"):
        access(fake, tmp_path).token()

    assert len(forms(fake)) == 1 + 3
    assert stored(tmp_path).refresh_token == "refresh-1"


def test_given_no_server_then_that_is_said_without_secrets(tmp_path):
    fake = FakeBusinessCentral()
    fake.close()

    with pytest.raises(RequestFailed, match="no answer"):
        access(fake, tmp_path).token()


def test_given_a_redirect_then_the_secret_is_not_carried_there(fake, tmp_path):
    elsewhere = FakeBusinessCentral()
    answer_tokens(fake, Reply(307, b"", {"Location": f"{elsewhere.url}/oauth2/v2.0/token"}))

    with pytest.raises(AuthError):
        access(fake, tmp_path).token()

    assert elsewhere.seen == []
    elsewhere.close()


@pytest.mark.covers("decision 36")
@pytest.mark.parametrize("status", [302, 404])
def test_given_an_address_that_is_not_microsofts_then_no_credentials_are_blamed(
    fake, tmp_path, status: int
):
    answer_tokens(fake, Reply(status, b"<html>elsewhere</html>", {"Location": "/portal"}))

    with pytest.raises(AuthError, match=r"check business_central\.login_url") as refused:
        access(fake, tmp_path).token()
    assert "credentials" not in str(refused.value)


def test_given_a_cancelled_run_then_trying_again_ends(fake, tmp_path):
    answer_tokens(fake, Reply(503, b"", {"Retry-After": "60"}))
    cancel = threading.Event()
    tokens = AccessTokens(
        make_tenant(fake.url, tmp_path),
        TokenStore(tmp_path),
        new_session(5),
        Throttle(5, 6000, cancel),
        QUICK,
    )
    threading.Timer(0.1, cancel.set).start()

    with pytest.raises(Cancelled):
        tokens.token()


def test_given_anything_that_goes_wrong_then_no_secret_is_in_texts_or_logs(
    fake, tmp_path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    secrets = [SECRET, SEED, "access-1", "refresh-1"]
    tokens = access(fake, tmp_path)
    texts = [repr(tokens), repr(make_tenant(fake.url, tmp_path)), tokens.token() and ""]
    echo = " ".join(secrets)

    def failing(seen: Seen) -> Reply | None:
        if not seen.path.endswith("/token"):
            return None
        return token_reply(400, error="invalid_grant", error_description=echo + seen.body.decode())

    fake.on(failing)
    store_again(tmp_path, expires_at=datetime.now(UTC))
    for broken in (access(fake, tmp_path), access(fake, tmp_path, login_url="http://127.0.0.1:9")):
        try:
            broken.token()
        except (AuthError, RequestFailed) as error:
            texts.append("".join(traceback.format_exception(error)))
    texts.append(tokens.redacted(f"echoed: {echo}"))

    everything = " ".join([*texts, caplog.text])
    assert "invalid_grant" in everything
    assert "echoed: *** *** *** ***" in everything
    for secret in secrets:
        assert secret not in everything
