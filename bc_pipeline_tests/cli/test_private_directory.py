"""What is nobody's business is gone at the end, however the command ends."""

from __future__ import annotations

import signal

import pytest

from bc_pipeline.cli.private_directory import private_directory


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_given_a_process_that_is_told_to_end_then_nothing_is_left(name: str):
    number = getattr(signal, name)
    usual = signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL
    before = signal.signal(number, usual)
    try:
        with pytest.raises(KeyboardInterrupt), private_directory("test") as directory:
            (directory / "token").write_text("hush")
            assert directory.stat().st_mode & 0o777 == 0o700
            signal.raise_signal(number)

        assert not directory.exists()
        assert signal.getsignal(number) == usual
    finally:
        signal.signal(number, before)


def test_given_a_terminal_that_may_be_closed_then_that_goes_on():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with private_directory("test"):
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
