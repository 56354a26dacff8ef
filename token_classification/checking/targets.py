"""What a check is going to write, and whether it may: no data is lost to a report or a corrected copy."""

import errno
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from token_classification.checking.copies import name_copy, name_diff
from token_classification.checking.files import CheckedData
from token_classification.data.results_folder import check_own_files, claim_files, refuse_overwriting_inputs
from token_classification.data.schemes import Scheme
from token_classification.data.whole_files import describe_unwritable


@dataclass(frozen=True)
class CheckOptions:
    """What is to be done beside looking at the files."""

    json_file: Path | None = None
    html_file: Path | None = None
    repair_folder: Path | None = None
    """Where corrected copies are to be written"""
    scheme: Scheme | None = None
    """Scheme that the copies are to have"""
    discard: bool = False
    """Leave sentences that can't be repaired out of the copies"""


def reserve_targets(data: CheckedData, options: CheckOptions, inputs: Iterable[Path]) -> None:
    """Make sure that all reports and copies can be written, before the first one is.

    Args:
        data: The files under check.
        options: Where reports and copies go.
        inputs: Everything that was read.

    Raises:
        UserError: one would take the place of an input, of another one, or of a file that is not this tool's.
    """
    targets = list_targets(data, options)
    refuse_overwriting_inputs(targets, inputs)
    names: dict[Path, list[str]] = defaultdict(list)
    for path in targets.values():
        if path.is_dir():
            raise describe_unwritable(path, IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)))
        if path.is_file() or not path.exists():  # a pipe can't lose anything
            names[path.parent].append(path.name)
    for folder, files in names.items():
        check_own_files(folder, files, "give another name or folder, or delete it first")
    for folder, files in names.items():
        claim_files(folder, files)


def list_targets(data: CheckedData, options: CheckOptions) -> Mapping[str, Path]:
    """Return what the user asked for -> the file that it goes to."""
    targets = {"--json": options.json_file, "--html": options.html_file}
    if options.repair_folder is not None:
        for file in data.files:
            if len(file.sentences):  # of which nothing could be read has no copy
                name = name_copy(file.path)
                targets[f"--repair: the copy of {file.path}:"] = options.repair_folder / name
                targets[f"--repair: the changes of {file.path}:"] = options.repair_folder / name_diff(name)
    return {flag: path for flag, path in targets.items() if path is not None}
