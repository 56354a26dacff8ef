"""The memory of a search: a file in which every trial is noted as it begins, goes on and ends.

SQLite, because a kill at any moment leaves a whole database: whoever opens it next rolls back what was unfinished.
Optuna's journal file appends lines, and a line that was cut off spoils what is appended behind it.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from token_classification.errors import UserError
from token_classification.tuning.space import STARTS

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

logger = logging.getLogger(__name__)

STUDY_FILE = "study.sqlite"
SETTINGS, INTERRUPTED, REPEATS = "settings", "interrupted", "repeats"
FREE_TRIALS = 4
"""Trials that are finished before any is pruned"""
FREE_EPOCHS = 2
"""No trial is pruned after its first epoch: small rates and a warm-up begin slowly"""
KEPT_SHARE = 66.0
"""Per cent of the trials that an epoch lets go on"""
RANDOM_TRIALS = 6
"""Trials before the sampler trusts what it has seen, those of `STARTS` among them"""


@contextmanager
def opened_study(path: Path, settings: Mapping[str, object]) -> Iterator["Study"]:
    """Open the study of a file, or begin one.

    Args:
        path: The file.
        settings: What all its trials have in common; trials of other settings can't be compared.

    Raises:
        UserError: the study is one of other settings, or the file is no study.
    """
    import optuna  # an extra
    from sqlalchemy import URL
    from sqlalchemy.exc import DatabaseError

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = None
    try:
        url = URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)
        storage = optuna.storages.RDBStorage(url)
        pruner = optuna.pruners.PercentilePruner(KEPT_SHARE, n_startup_trials=FREE_TRIALS, n_warmup_steps=FREE_EPOCHS)
        study = optuna.create_study(
            storage=storage, study_name=path.stem, direction="maximize", pruner=pruner, load_if_exists=True
        )
        _begin(study, path, settings)
        yield study
    except DatabaseError as error:
        raise UserError(
            f"{path}: can't be used as a study ({error.orig}); accepted: the file as this command wrote it; give "
            "another -r"
        ) from error
    finally:
        if storage is not None:
            storage.engine.dispose()
        optuna.logging.set_verbosity(verbosity)


def _begin(study: "Study", path: Path, settings: Mapping[str, object]) -> None:
    known = study.user_attrs.get(SETTINGS)
    if known is None:
        for start in STARTS:
            study.enqueue_trial(dict(start), skip_if_exists=True)
        study.set_user_attr(SETTINGS, dict(settings))
        return
    differences = [
        f"{name}: {known.get(name)} there, {settings.get(name)} here"
        for name in sorted({*known, *settings})
        if known.get(name) != settings.get(name)
    ]
    if differences:
        raise UserError(
            f"{path}: a study of other settings, whose trials can't be compared with new ones:\n"
            + "\n".join(differences)
            + "\nGive the settings of the study to go on with it, or another -r to begin one."
        )


def settle_interrupted(study: "Study") -> None:
    """Note which trials did not end by themselves, and put their settings first in the queue, once.

    What stops a trial twice may be the trial: one that takes all memory, for instance. A kill in here loses nothing,
    because a trial counts as running until all is noted.
    """
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        note_interruption(study, trial.number)
        is_repeat = REPEATS in trial.user_attrs
        logger.info(
            "Trial %d did not end; %s.", trial.number, "it was the second time" if is_repeat else "it is begun again"
        )
        repeated = {other.user_attrs.get(REPEATS) for other in study.get_trials(deepcopy=False)}
        if not is_repeat and trial.number not in repeated:
            study.enqueue_trial(trial.params, user_attrs={REPEATS: trial.number})
        study.tell(trial.number, state=TrialState.FAIL)


def note_interruption(study: "Study", number: int) -> None:
    """Note that a trial was stopped before its end, for a reason that is not its own."""
    study.set_user_attr(INTERRUPTED, sorted({number, *list_interrupted(study)}))


def list_interrupted(study: "Study") -> list[int]:
    """List the numbers of the trials that were stopped before their end."""
    return list(study.user_attrs.get(INTERRUPTED, ()))


def list_begun(study: "Study") -> Sequence["FrozenTrial"]:
    """List the trials that have begun, by number; others wait in the queue."""
    from optuna.trial import TrialState

    states = tuple(state for state in TrialState if state != TrialState.WAITING)
    return study.get_trials(deepcopy=False, states=states)


def count_ended(study: "Study") -> int:
    """Count the trials that have ended by themselves: with a score, pruned or failed."""
    interrupted = list_interrupted(study)
    return sum(trial.state.is_finished() and trial.number not in interrupted for trial in list_begun(study))


def sum_seconds(study: "Study") -> float:
    """Return the time that all trials have taken so far, those of earlier commands too."""
    return sum(trial.user_attrs.get("seconds", 0.0) for trial in list_begun(study))
