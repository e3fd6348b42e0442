from __future__ import annotations

import logging
import threading
import traceback
from datetime import UTC, datetime, timedelta

import pytest

from bc_pipeline.business_central.auth import SCOPE, AccessTokens
from bc_pipeline.business_central.throttle import Throttle
from bc_pipeline.errors import AuthError, Cancelled, RequestFailed
from bc_pipeline.http.session import new_session
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline_tests.business_central.fake import QUICK, SECRET, SEED, Reply, Seen, make_tenant
from bc_pipeline_tests.business_central.tokens import (
    access,
    answer_tokens,
    forms,
    store_again,
    stored,
    token_reply,
)


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
