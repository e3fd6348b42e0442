"""What holds for all tests."""

from __future__ import annotations

import signal
import threading

# Started in the background, a process inherits Ctrl-C as ignored, and so would the programs that
# the tests start and interrupt.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)
