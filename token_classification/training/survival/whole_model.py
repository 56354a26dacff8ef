"""A model is saved whole or not at all: new labels never meet old weights."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from token_classification.data.whole_files import DECIDED, decide_file_set, name_unfinished, remove_unfinished
from token_classification.modeling.adapter_base import list_stale_weights


@contextmanager
def saving_whole(folder: Path, is_writer: bool) -> Iterator[Path]:
    """Give a folder to save into, whose files are in their place when all are written, or never.

    Args:
        folder: Where the model belongs.
        is_writer: Whether this process writes it; the others are only told where.
    """
    unfinished = name_unfinished(folder / DECIDED)
    if is_writer and folder.exists():
        remove_unfinished(folder)
    try:
        yield unfinished
        if is_writer:
            decide_file_set(unfinished, folder, stale=list_stale_weights(unfinished, folder))
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
