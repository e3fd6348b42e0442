from __future__ import annotations

import multiprocessing
import os
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bc_pipeline.errors import AuthError
from bc_pipeline.tenants import files
from bc_pipeline.tenants.secrets import StoredToken, TokenStore, fingerprint

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def token(access: str = "access", refresh: str | None = "refresh") -> StoredToken:
    return StoredToken(access, MOMENT, refresh, fingerprint("seed"), 600)


def test_given_a_saved_token_then_it_loads_as_it_was_and_per_tenant_and_system(tmp_path: Path):
    store = TokenStore(tmp_path)

    store.save("acme", "business_central", token())
    store.save("acme", "optiply", token("other", None))

    assert TokenStore(tmp_path).load("acme", "business_central") == token()
    assert TokenStore(tmp_path).load("acme", "optiply") == token("other", None)
    assert store.load("acme-2", "optiply") is None


@pytest.mark.skipif(os.name == "nt", reason="POSIX file modes")
def test_given_any_umask_then_the_file_is_private_and_nothing_else_is_left(tmp_path: Path):
    before = os.umask(0)
    try:
        TokenStore(tmp_path).save("acme", "optiply", token())
    finally:
        os.umask(before)

    (file,) = (tmp_path / "secrets").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_given_a_failure_while_saving_then_the_old_token_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    store = TokenStore(tmp_path)
    store.save("acme", "optiply", token("old"))

    def full(handle: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="disk full"):
        store.save("acme", "optiply", token("new"))

    assert store.load("acme", "optiply") == token("old")
    assert [file.name for file in (tmp_path / "secrets").iterdir()] == ["acme.optiply.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"access_token": 1}', b"\xff\xfe"])
def test_given_an_unreadable_file_then_there_is_no_token(tmp_path: Path, content: bytes):
    store = TokenStore(tmp_path)
    store.save("acme", "optiply", token())
    (tmp_path / "secrets" / "acme.optiply.json").write_bytes(content)

    assert store.load("acme", "optiply") is None


def test_given_a_deleted_token_then_there_is_none_and_deleting_again_is_fine(tmp_path: Path):
    store = TokenStore(tmp_path)
    store.save("acme", "optiply", token())

    store.delete("acme", "optiply")
    store.delete("acme", "optiply")

    assert store.load("acme", "optiply") is None


def test_given_a_token_then_its_text_shows_no_secret():
    shown = repr(token("my-access", "my-refresh"))

    assert "my-access" not in shown
    assert "my-refresh" not in shown
    assert fingerprint("seed") not in shown


def test_given_parts_then_the_fingerprint_tells_them_apart():
    assert fingerprint("a", "b") == fingerprint("a", "b")
    assert len({fingerprint("a", "b"), fingerprint("ab"), fingerprint("a", None, "b")}) == 3


def test_given_two_threads_then_one_holds_the_lock_at_a_time(tmp_path: Path):
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        with TokenStore(tmp_path).lock("acme", "optiply"):
            inside += 1
            most = max(most, inside)
            threading.Event().wait(0.02)
            inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == 1


def _hold(home: Path, held: object, free: object) -> None:
    with TokenStore(home).lock("acme", "optiply"):
        held.set()  # type: ignore[attr-defined]
        free.wait(20)  # type: ignore[attr-defined]


def test_given_another_process_that_hangs_while_renewing_then_waiting_ends(tmp_path: Path):
    context = multiprocessing.get_context("spawn")
    held, free = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path, held, free))
    other.start()
    try:
        assert held.wait(20)
        with (
            pytest.raises(AuthError, match="another process"),
            TokenStore(tmp_path, wait_seconds=0.1).lock("acme", "optiply"),
        ):
            pass
        with TokenStore(tmp_path, wait_seconds=0.1).lock("other", "optiply"):
            pass
    finally:
        free.set()
        other.join(20)

    with TokenStore(tmp_path, wait_seconds=5).lock("acme", "optiply"):
        pass


def test_given_a_token_in_another_time_zone_then_it_loads_in_utc(tmp_path: Path):
    from datetime import timezone

    local = MOMENT.astimezone(timezone(timedelta(hours=5)))
    store = TokenStore(tmp_path)
    store.save("acme", "optiply", StoredToken("a", local, None, "f"))

    loaded = store.load("acme", "optiply")

    assert loaded
    assert loaded.expires_at == MOMENT
    assert loaded.expires_at.tzinfo is UTC
