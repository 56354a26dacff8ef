"""`label_ids.csv`: one label per line; a label's line is its id (the first is 0)."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from token_classification.data.labels import read_label_file
from token_classification.data.schemes import OUTSIDE, order_tags
from token_classification.data.whole_files import write_file_set
from token_classification.errors import DataError


def order_labels(names: Iterable[str], pad_label: str = OUTSIDE) -> list[str]:
    """Sort labels by their ids: the pad label, whether it occurs or not, then the others by code point.

    >>> order_labels(["I-PER", "B-PER", "O", "B-LOC"])
    ['O', 'B-LOC', 'B-PER', 'I-PER']
    """
    return order_tags({*names, pad_label}, first=pad_label)


def read_label_ids(path: Path) -> list[str]:
    """Read the labels in the order of their ids; blank lines do not count.

    Raises:
        DataError: the file is missing, unreadable or empty, or holds a label twice.
    """
    if not path.is_file():
        raise DataError(
            f"{path} not found.\nAccepted: a file with one label per line, as dataset_convert writes it; "
            "give its path with model.label_ids=FILE"
        )
    return read_label_file(str(path))


def write_label_ids(path: Path, names: Sequence[str]) -> None:
    """Write the labels in the given order, which sets their ids: all of the file or none.

    Raises:
        UserError: the folder can't be written to.
    """
    write_file_set(path.parent, {path.name: format_label_ids(names)})


def format_label_ids(names: Sequence[str]) -> str:
    """Return the text of the file, like the original without a final newline."""
    return "\n".join(names)
