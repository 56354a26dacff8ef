"""`export.json`: what an exported folder says about the model in it."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from token_classification.errors import UserError

EXPORT_FILE = "export.json"


@dataclass(frozen=True)
class ExportRecord:
    """What has to be known to run an exported model; `notes` is for people (scores, versions, how it was made)."""

    backend: str
    """What the model runs with: one of `engine.BACKENDS`"""
    model_file: str
    """Name of the model's file in the folder"""
    window_length: int
    """Longest input in positions, special tokens included"""
    notes: dict = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write `export.json`."""
        text = json.dumps(asdict(self), indent=2, ensure_ascii=False)
        (folder / EXPORT_FILE).write_text(text + "\n", encoding="utf-8")


def read_export_record(folder: Path) -> ExportRecord | None:
    """Read `export.json`; None where the folder has none (or is a name on the Hub).

    Raises:
        UserError: the file is broken.
    """
    path = folder / EXPORT_FILE
    if not path.is_file():
        return None
    try:
        return ExportRecord(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise UserError(
            f"{path}: not the record of an export ({error}); accepted: a folder as `token_classification export` "
            "wrote it; export the model again"
        ) from None
