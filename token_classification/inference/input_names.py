"""Which files are meant: one, several, a folder, a pattern; on this machine or behind an address."""

import glob
from collections.abc import Sequence
from pathlib import Path

from token_classification.data.addresses import WEB, Address, as_path
from token_classification.data.formats.recognise import recognise_folder
from token_classification.data.formats.text_and_labels import find_labels_file
from token_classification.errors import DataError
from token_classification.inference.input_lines import STDIN
from token_classification.inference.tool_records import list_text_files

HIDDEN = (".", "_")
"""Begin the names of what programs note for themselves beside the parts of their results"""


def list_inputs(names: Sequence[str]) -> list[str]:
    """Return the files that are meant, in the order in which they are typed; those of a folder or pattern sorted.

    A folder of an annotation tool is one input, as are stdin and what comes out of a pipe. Of any other folder all
    files are read, however deep, but those whose names begin with `.` or `_`.

    Raises:
        DataError: nothing is there.
    """
    return [file for name in names for file in _list_one(name)]


def list_opened_files(name: str) -> list[Path]:
    """Return the files that hold the texts of one input, and that of their labels where there is one."""
    path = as_path(name)
    labels = find_labels_file(path)
    return [*list_text_files(path), *([labels] if labels else [])]


def _list_one(name: str) -> list[str]:
    path = as_path(name)
    if isinstance(path, Address):
        return _list_address(path)
    if path.is_dir() and recognise_folder(path) is None:
        found = [str(file) for file in path.rglob("*") if file.is_file() and not _is_hidden(str(file), str(path))]
    elif name != STDIN and not path.exists() and glob.has_magic(name):
        found = [file for file in glob.glob(name, recursive=True) if Path(file).is_file()]
    else:
        return [str(path)]
    return _refuse_none(sorted(found), name)


def _list_address(address: Address) -> list[str]:
    if address.scheme in WEB:
        return [str(address)]
    with address.reach() as (files, name):
        if glob.has_magic(name) and not files.exists(name):
            found = [files.unstrip_protocol(file) for file in files.glob(name) if files.isfile(file)]
        elif files.isdir(name):
            found = [files.unstrip_protocol(file) for file in files.find(name) if not _is_hidden(file, name)]
        else:
            return [str(address)]
    return _refuse_none(sorted(found), str(address))


def _is_hidden(file: str, folder: str) -> bool:
    """Tell whether a file, or a folder on the way to it, is hidden."""
    inside = file.removeprefix(folder).strip("/").split("/")
    return any(part.startswith(HIDDEN) for part in inside)


def _refuse_none(found: list[str], name: str) -> list[str]:
    if not found:
        raise DataError(f"{name}: no file there; accepted: a file, a folder with files, or a pattern that fits some")
    return found
