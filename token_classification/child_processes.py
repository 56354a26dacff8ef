"""Processes that a command has started: they leave Ctrl-C to it, and do not outlive it."""

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import wait


def depend_on_parent() -> None:
    """Make this process one that lives as long as the one that started it: called first in its main thread."""
    # Ctrl-C reaches all processes of a terminal; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when the first one is gone, however it went: it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
