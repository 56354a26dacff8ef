"""One row of the table: everything that is tried with one architecture."""

import shutil
import tempfile
import traceback
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import torch

from token_classification import sealing
from token_classification.export import export_model, gate
from zoo.cells import COLUMNS, NoError, Row
from zoo.trial import BugError, RefusedError, Trial

YES, NO, BUG, LEFT_OUT = "yes", "no", "fails", "-"


@dataclass(frozen=True)
class Cell:
    """What came of one trial."""

    answer: str
    remark: str = ""
    """What the user is told: always with a no, sometimes with a yes"""


def examine(model_type: str, columns: Mapping[str, Callable[[Row], str]] = COLUMNS) -> dict[str, Cell]:
    """Try everything with one architecture; what can't be trained can't be tried."""
    folder = Path(tempfile.mkdtemp(prefix=f"zoo-{model_type}-"))
    row, cells = Row(model_type, Trial(folder)), {}
    torch.set_num_threads(1)
    try:
        with cheaply():
            for name, check in columns.items():
                is_idle = cells.get("trains", Cell(YES)).answer != YES
                cells[name] = Cell(LEFT_OUT) if is_idle else try_cell(row, check)
    finally:
        shutil.rmtree(folder)
    return cells


def try_cell(row: Row, check: Callable[[Row], str]) -> Cell:
    """Try one thing."""
    try:
        return Cell(YES, check(row))
    except (NoError, RefusedError) as reason:
        return Cell(NO, str(reason))
    except BugError as bug:
        return Cell(BUG, str(bug))
    except Exception as error:
        row.trial.output.write(traceback.format_exc())
        return Cell(BUG, f"{type(error).__name__}: {row.trial.clean(str(error))}")


@contextmanager
def cheaply():
    """Without the seconds that guessing a key costs, speeds that nobody reads, units that few machines have."""
    expensive = sealing.Scrypt
    with (
        patch.object(sealing, "Scrypt", lambda salt, length, n, r, p: expensive(salt, length, n=2, r=1, p=1)),
        patch.object(gate, "SPEED_ROUNDS", 1),
        patch.object(gate, "LATENCY_SENTENCES", 2),
        patch.object(export_model, "multiplies_bf16", lambda: False),
    ):
        yield
