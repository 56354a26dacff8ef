"""The search: trial after trial, until their number or the time is reached; after a kill, the next call goes on."""

import gc
import logging
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from token_classification.arguments.command_line import parse_command_line, spell_flags
from token_classification.data.load import Corpus, load_corpus
from token_classification.data.results_folder import check_own_files, claim_files, read_marker
from token_classification.errors import StoppedError, UserError
from token_classification.tuning.results import BEST_MODEL, RESULT_FILES, best_trial, describe_results, write_results
from token_classification.tuning.space import STARTS, choose_settings
from token_classification.tuning.study import (
    RANDOM_TRIALS,
    STUDY_FILE,
    count_ended,
    list_begun,
    note_interruption,
    opened_study,
    settle_interrupted,
    sum_seconds,
)
from token_classification.tuning.trial import Clock, OutOfTimeError, WatchTrial, run_trial

if TYPE_CHECKING:
    from optuna import Study, Trial

logger = logging.getLogger(__name__)

TRIAL_FOLDER = re.compile(r"trial-\d+")
IN_EVERY_TRIAL: Mapping[str, object] = {
    "do_train": True,
    "do_eval": True,
    "eval_strategy": "epoch",
    "save_strategy": "no",
}
OF_THE_SEARCH = {*IN_EVERY_TRIAL, "output_dir", "do_predict", "do_export", "test_file", "push_to_hub", "seeds"}
"""Flags of `run_ner.py` that can't be fixed; a test file would only be read to be chosen by"""


@dataclass(frozen=True)
class Search:
    """What is searched, and for how long."""

    flags: Mapping[str, object]
    """Flags of `run_ner.py` that are the same in all trials; what is among them is not searched"""
    folder: Path
    seed: int
    trials: float
    """Trials that end by themselves, those of earlier calls included"""
    seconds: float
    """Time of all trials together, those of earlier calls included"""


def tune(search: Search, clock: Clock = time.monotonic) -> str:
    """Search for the best settings, and leave tables, a picture, the best model and its command in the folder.

    Returns:
        What was found, as text.

    Raises:
        UserError: no validation data, files of somebody else in the folder, a study of other settings, or no trial
            ended with a score.
        StoppedError: SIGTERM came.
    """
    started, folder, flags = clock(), search.folder, {**search.flags, "seed": search.seed}
    names = [STUDY_FILE, BEST_MODEL, *RESULT_FILES]
    check_own_files(folder, names, "give another -r")
    corpus = load_data(search)
    claim_files(folder, names)
    spelled = {name: str(value) for name, value in search.flags.items()}
    data = {
        f"{split} data": [file.sha256 for file in corpus.files.get(split, ())] for split in ("train", "validation")
    }
    with opened_study(folder / STUDY_FILE, {**spelled, "seed": search.seed, **data}) as study:
        settle_interrupted(study)
        keep_best_model(study, folder)
        deadline = started + search.seconds - sum_seconds(study)
        while count_ended(study) < search.trials and has_time(study, deadline - clock()):
            try:
                try_settings(study, search, corpus, deadline, clock)
            except StoppedError:  # it names a checkpoint in the folder of a trial
                raise StoppedError(
                    f"stopped by SIGTERM; the trials that have ended are kept in {folder / STUDY_FILE}. To continue: "
                    "the same command again."
                ) from None
            keep_best_model(study, folder)
            write_results(study, folder, flags)
            gc.collect()
        return describe_results(write_results(study, folder, flags), folder, flags)


def load_data(search: Search) -> Corpus:
    """Load training and validation data, with the flags of the first trial.

    Raises:
        UserError: there is no validation data, or something is wrong with a flag or a file.
    """
    arguments, notices = parse_command_line(spell_argv(search, {}, search.folder))
    for notice in notices:
        logger.warning(notice)
    if arguments.training.world_size > 1:
        raise UserError("tune runs one process; start it without torchrun or accelerate launch.")
    data = arguments.data
    if data.train_file is not None and data.validation_file is None and data.validation_split is None:
        raise UserError(
            "tune chooses by scores on validation data, and there is none; accepted: --validation_file FILE, or "
            "--validation_split 0.1 to hold out a tenth of the training data. The test file is no substitute: "
            "scores on what one has chosen by are too high."
        )
    return load_corpus(arguments)


def spell_argv(search: Search, chosen: Mapping[str, int | float], folder: Path) -> list[str]:
    """Spell the flags of `run_ner.py` with which a model is trained."""
    return spell_flags({**search.flags, **chosen, **IN_EVERY_TRIAL, "seed": search.seed, "output_dir": folder})


def has_time(study: "Study", left: float) -> bool:
    """Tell whether the shortest trial that has ended would end in the time that is left; at first any is tried."""
    from optuna.trial import TrialState

    scored = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return left > min((trial.user_attrs["seconds"] for trial in scored), default=0.0)


def try_settings(study: "Study", search: Search, corpus: Corpus, deadline: float, clock: Clock) -> None:
    """Run the next trial, and note how it ended.

    Raises:
        UserError: what went wrong is no fault of the settings: it happened before the training, or to all first
            trials.
    """
    from optuna import TrialPruned
    from optuna.samplers import TPESampler
    from optuna.trial import TrialState

    # Its own random numbers for each trial: a study that goes on would otherwise draw its first trials again.
    study.sampler = TPESampler(seed=search.seed + len(list_begun(study)), n_startup_trials=RANDOM_TRIALS)
    trial = study.ask()
    chosen = choose_settings(trial, search.flags)
    trial.set_user_attr("settings", chosen)
    logger.info("Trial %d: %s", trial.number, " ".join(spell_flags(chosen)))
    watch = WatchTrial(trial, deadline, clock)
    argv = spell_argv(search, chosen, make_trial_folder(search.folder, trial.number))
    try:
        score = run_trial([*argv, "--disable_tqdm=true"], corpus, watch)
    except TrialPruned as reason:
        _end(study, trial, watch, TrialState.PRUNED, str(reason))
    except OutOfTimeError as reason:
        note_interruption(study, trial.number)
        _end(study, trial, watch, TrialState.FAIL, str(reason))
    except UserError as error:
        _end(study, trial, watch, TrialState.FAIL, str(error))
        ended = [one.state for one in list_begun(study)]
        if not watch.has_begun or (len(ended) >= len(STARTS) and set(ended) == {TrialState.FAIL}):
            raise
    else:
        watch.note_time()
        study.tell(trial, score)
        logger.info("Trial %d: F1 %.4f in %.0f s.", trial.number, score, trial.user_attrs["seconds"])


def _end(study: "Study", trial: "Trial", watch: WatchTrial, state: object, reason: str) -> None:
    """Note a trial without a score, and say why it has none."""
    watch.note_time()
    trial.set_user_attr("reason", reason)
    study.tell(trial, state=state)
    logger.warning("Trial %d ended without a score: %s", trial.number, reason)


def make_trial_folder(folder: Path, number: int) -> Path:
    """Make room for the model of a trial."""
    claim_files(folder, [f"trial-{number}"])
    place = folder / f"trial-{number}"
    shutil.rmtree(place, ignore_errors=True)
    return place


def keep_best_model(study: "Study", folder: Path) -> None:
    """Keep the model of the best trial, and no other one's. After a kill in between, the next call ends the work."""
    best = best_trial(study)
    own = [folder / name for name in sorted(read_marker(folder)) if TRIAL_FOLDER.fullmatch(name)]
    for place in own:
        if not place.is_dir():
            continue
        if best is not None and place.name == f"trial-{best.number}":
            shutil.rmtree(folder / BEST_MODEL, ignore_errors=True)
            place.rename(folder / BEST_MODEL)
        else:
            shutil.rmtree(place)


def read_limits(trials: int | None, hours: float | None, default_trials: int) -> tuple[float, float]:
    """Return the most trials and seconds of a search; a number of trials is the limit where none is typed.

    Raises:
        UserError: a limit that no trial fits into.
    """
    if trials is not None and trials < 1:
        raise UserError(f"--trials must be 1 or more; got {trials}.")
    if hours is not None and not 0 < hours < inf:
        raise UserError(f"--hours must be a number above 0, e.g. 0.5; got {hours:g}.")
    most = default_trials if trials is None and hours is None else trials
    return (inf if most is None else most), (inf if hours is None else hours * 3600)
