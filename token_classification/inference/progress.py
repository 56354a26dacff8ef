"""How far tagging a file has come: a killed run continues where it stopped, and its results are those of a whole run.

Results are appended to `NAME.partial`. After each chunk the files are flushed to the disk, then the progress is
written. Whatever follows the recorded sizes belongs to an unfinished chunk and is cut off when the run continues.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from token_classification.data.whole_files import write_whole
from token_classification.errors import UserError

PROGRESS_FILE = "predictions.progress.json"
PARTIAL = ".partial"


@dataclass
class Progress:
    """What a run has done, and with which settings."""

    settings: dict[str, str]
    """Everything that the output depends on: a run with other settings can't continue this one"""
    records: int = 0
    """Records read, including bad ones"""
    bad_records: int = 0
    entities: int = 0
    sizes: dict[str, int] = field(default_factory=dict)
    """File -> how many of its bytes belong to these records"""
    tallies: dict[str, int] = field(default_factory=dict)
    """Whatever else a writer counts"""
    finished: bool = False

    def add(self, records: int, bad_records: int, entities: int) -> None:
        """Count a chunk."""
        self.records += records
        self.bad_records += bad_records
        self.entities += entities

    def add_tallies(self, tallies: Mapping[str, int]) -> None:
        """Count what a writer counts in a chunk."""
        for name, count in tallies.items():
            self.tallies[name] = self.tallies.get(name, 0) + count

    def write(self, folder: Path) -> None:
        """Write the progress; at any moment the file is either the old one or the new one."""
        write_whole(folder / PROGRESS_FILE, json.dumps(asdict(self), indent=2))


def open_progress(folder: Path, settings: Mapping[str, str], names: list[str], resume: bool) -> Progress:
    """Return the progress of the run to continue, or that of a new run.

    Args:
        folder: The folder of the results.
        settings: Everything that the output depends on.
        names: The files of the results.
        resume: Whether to continue what is there.

    Raises:
        UserError: there are results and `resume` is off, or they were made with other settings.
    """
    path = folder / PROGRESS_FILE
    found = next((name for name in (PROGRESS_FILE, *names) if (folder / name).exists()), None)
    if not resume and found:
        raise UserError(
            f"{folder / found}: an earlier run left results there; accepted: an empty folder; give another -r, "
            "or continue where the run stopped: --resume"
        )
    if not path.exists():
        if found:
            raise UserError(f"{folder / found}: its run is unknown; give another -r, or delete it.")
        return Progress(dict(settings))
    progress = _read_progress(path)
    refuse_other_settings(path, progress.settings, settings)
    return progress


def refuse_other_settings(path: Path, then: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Refuse to go on with a run that was made with other settings.

    Raises:
        UserError: it was; with what differs.
    """
    differing = [
        f"{name}: {then.get(name)} then, {value} now" for name, value in now.items() if then.get(name) != value
    ]
    if differing:
        raise UserError(
            f"{path}: this run has other settings than the one to continue:\n" + "\n".join(differing) + "\n"
            "Accepted: the same input, model and settings; type them again, or give another -r"
        )


def _read_progress(path: Path) -> Progress:
    """Read the progress of an earlier run.

    Raises:
        UserError: the file was changed.
    """
    try:
        progress = Progress(**json.loads(path.read_text(encoding="utf-8")))
        counts = (
            progress.records,
            progress.bad_records,
            progress.entities,
            *progress.sizes.values(),
            *progress.tallies.values(),
        )
        if not isinstance(progress.settings, dict) or not all(type(count) is int and count >= 0 for count in counts):
            raise ValueError("its counts are not counts")
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(
            f"{path}: not as a run left it ({error!s:.200}); accepted: the file as it was written; start again with "
            "another -r"
        ) from None
    return progress


class AppendedFile:
    """A file that is only appended to, after the part that is known to be whole."""

    def __init__(self, path: Path, size: int) -> None:
        """Open the file and cut off everything after `size` bytes.

        Raises:
            UserError: the file is shorter.
        """
        self.path = path
        self._file = open(path, "r+b" if size else "wb")  # noqa: SIM115 - closed by `__exit__`
        if self._file.seek(0, os.SEEK_END) < size:
            raise UserError(f"{path}: shorter than when the run stopped; start again with another -r.")
        self._file.truncate(size)
        self._file.seek(size)

    def append(self, content: bytes) -> None:
        """Add to the file."""
        self._file.write(content)

    def flush(self) -> int:
        """Flush everything to the disk and return the size."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def __enter__(self) -> "AppendedFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
