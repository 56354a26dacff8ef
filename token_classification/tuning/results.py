"""What a search leaves: its trials as a table, the command of the best one, a picture."""

import csv
import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from token_classification.arguments.command_line import spell_flags
from token_classification.data.whole_files import write_whole
from token_classification.errors import UserError
from token_classification.output_text import dump_json, quote_argument, quote_path
from token_classification.text_tables import format_table
from token_classification.tuning.picture import draw_trials
from token_classification.tuning.study import list_begun, list_interrupted

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

TABLE, TABLE_CSV, TABLE_JSON, COMMAND, PICTURE = (
    "trials.txt",
    "trials.csv",
    "trials.json",
    "best_command.sh",
    "trials.svg",
)
BEST_MODEL = "best_model"
RESULT_FILES = (TABLE, TABLE_CSV, TABLE_JSON, COMMAND, PICTURE)
SHOWN = 10
"""Trials that are printed; the files have all"""
TRAINED = "tuned-model"
"""Folder that the printed command writes to"""


@dataclass(frozen=True)
class TrialRow:
    """A trial in the tables."""

    trial: int
    ended: str
    """`scored`, `pruned`, `failed` or `interrupted`"""
    f1: float | None
    """On the validation data: in the end, or after the last epoch of a trial that did not get there"""
    epochs: int
    """After how many epochs that was"""
    seconds: float
    settings: dict[str, int | float]
    reason: str
    """Why there is no score"""


def best_trial(study: "Study") -> "FrozenTrial | None":
    """Return the trial with the highest score, the first one of several; None: there is none yet."""
    from optuna.trial import TrialState

    scored = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return max(scored, key=lambda trial: (trial.value or 0.0, -trial.number), default=None)


def write_results(study: "Study", folder: Path, flags: Mapping[str, object]) -> list[TrialRow]:
    """Write the tables, the picture, and the command of the best trial if one has a score.

    Args:
        study: The trials.
        folder: Where to.
        flags: Flags of `run_ner.py` that all trials have.

    Returns:
        The rows of the tables, the best one first.
    """
    rows = sorted(list_rows(study), key=lambda row: (row.ended != "scored", -(row.f1 or 0.0), row.trial))
    write_whole(folder / TABLE, f"{format_rows(rows)}\n")
    write_whole(folder / TABLE_CSV, format_csv(rows))
    write_whole(folder / TABLE_JSON, dump_json([asdict(row) for row in rows]))
    write_whole(folder / PICTURE, draw_trials([(row.trial, row.f1, row.ended, row.settings) for row in rows]))
    if best_trial(study) is not None:
        write_whole(folder / COMMAND, f"{spell_command({**flags, **rows[0].settings})}\n")
    return rows


def describe_results(rows: list[TrialRow], folder: Path, flags: Mapping[str, object]) -> str:
    """Say which trials were best, and how the model of the best one is trained.

    Raises:
        UserError: no trial has a score.
    """
    if not rows or rows[0].ended != "scored":
        reasons = "; ".join(dict.fromkeys(row.reason for row in rows if row.reason)) or "no trial has begun"
        raise UserError(
            f"{folder / TABLE}: no trial ended with a score ({reasons}). To go on: the same command with more --hours "
            "or --trials."
        )
    more = f"\n... and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    return (
        f"{format_rows(rows[:SHOWN])}{more}\n\nBest model:  {quote_path(folder / BEST_MODEL)}\n"
        f"All trials:  {quote_path(folder / TABLE)} (.csv, .json, .svg)\n\nTrain it again:\n"
        f"{spell_command({**flags, **rows[0].settings})}\n\n"
        f"F1 is that on the validation data, by which the best of {len(rows)} trials was chosen: on new data expect "
        "less."
    )


def list_rows(study: "Study") -> list[TrialRow]:
    """Return a row for each trial that has begun."""
    names = {"COMPLETE": "scored", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running"}
    interrupted = list_interrupted(study)
    rows = []
    for trial in list_begun(study):
        epochs = trial.last_step or 0
        seen = trial.intermediate_values.get(epochs)
        rows.append(
            TrialRow(
                trial.number,
                "interrupted" if trial.number in interrupted else names[trial.state.name],
                trial.value if trial.state.name == "COMPLETE" else seen,
                epochs,
                round(trial.user_attrs.get("seconds", 0.0), 1),
                trial.user_attrs.get("settings", {}),
                trial.user_attrs.get("reason", ""),
            )
        )
    return rows


def format_rows(rows: list[TrialRow]) -> str:
    """Lay the trials out as a table."""
    names = list(dict.fromkeys(name for row in rows for name in row.settings))
    head = ["trial", "ended", "F1", "epochs", "seconds", *names]
    cells = [
        [
            str(row.trial),
            row.ended,
            "" if row.f1 is None else f"{100 * row.f1:.2f}",
            str(row.epochs),
            f"{row.seconds:.0f}",
            *(f"{row.settings[name]:g}" if name in row.settings else "" for name in names),
        ]
        for row in rows
    ]
    return format_table([head, *cells], left=(1,))


def format_csv(rows: list[TrialRow]) -> str:
    """Write the trials as CSV, a column for each setting."""
    names = list(dict.fromkeys(name for row in rows for name in row.settings))
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["trial", "ended", "f1", "epochs", "seconds", *names, "reason"])
    for row in rows:
        settings = [row.settings.get(name) for name in names]
        writer.writerow([row.trial, row.ended, row.f1, row.epochs, row.seconds, *settings, row.reason])
    return file.getvalue()


def spell_command(settings: Mapping[str, object]) -> str:
    """Spell the command line that trains a model with these settings."""
    flags = spell_flags({**settings, "do_train": True, "do_eval": True, "save_strategy": "no", "output_dir": TRAINED})
    return " ".join(["python run_ner.py", *map(quote_argument, flags)])
