"""Ending in order, whatever tells a command to end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ENDINGS = ("SIGTERM", "SIGHUP")
"""Of a process that is told to end, or whose terminal is closed: Python cleans nothing up then."""


@contextmanager
def ended_like_ctrl_c() -> Iterator[None]:
    """Inside the block, a plain ``kill`` and a terminal that is closed end it as Ctrl-C does.

    Raises:
        KeyboardInterrupt: it is to end.
    """
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
