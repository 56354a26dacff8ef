"""Imports without the garbage collector, which would look for garbage in them again and again and find none."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quick_imports() -> Iterator[None]:
    """Import torch, transformers and what they bring along in about four fifths of the time.

    These libraries create hundreds of thousands of objects, all of which stay. They are exempt from later collections
    too (`gc.freeze`), which only look at newer objects. In a process that has torch already, such as a notebook, this
    does nothing.
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
