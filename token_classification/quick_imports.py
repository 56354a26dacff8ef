"""Imports without the garbage collector, which looks for garbage in them again and again and finds none."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quick_imports() -> Iterator[None]:
    """Import torch, transformers and what they bring along in about four fifths of the time.

    They make objects by the hundred thousand, all of which stay. What is there at the end is exempt from later
    collections too (`gc.freeze`): those find something to do among newer objects only. In a process that has torch
    already, a notebook for instance, nothing is done.
    """
    if not gc.isenabled() or "torch" in sys.modules:
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
