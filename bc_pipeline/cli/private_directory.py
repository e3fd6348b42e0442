"""A directory for what is nobody's business, gone at the end however the command ends."""

from __future__ import annotations

import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ENDINGS = ("SIGTERM", "SIGHUP")
"""Of a process that is told to end, or whose terminal is closed: Python cleans nothing up then."""


@contextmanager
def private_directory(purpose: str) -> Iterator[Path]:
    """An empty directory of ours alone, taken away afterwards, also when the process is told to
    end or its terminal is closed: that ends the block like Ctrl-C.

    Args:
        purpose: a word for its name.

    Raises:
        KeyboardInterrupt: it is to end.
    """
    with (
        _ended_like_ctrl_c(),
        tempfile.TemporaryDirectory(prefix=f"bc-pipeline-{purpose}-") as name,
    ):
        yield Path(name)


@contextmanager
def _ended_like_ctrl_c() -> Iterator[None]:
    before = {}
    if threading.current_thread() is threading.main_thread():
        numbers = [getattr(signal, name) for name in _ENDINGS if hasattr(signal, name)]
        # Whoever starts us with nohup has SIGHUP ignored, and it stays so.
        before = {
            each: signal.SIG_DFL for each in numbers if signal.getsignal(each) == signal.SIG_DFL
        }
    for number in before:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
