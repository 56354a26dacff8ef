"""One trial: a training of `run_ner.py` whose evaluations decide whether it goes on."""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from token_classification.arguments.command_line import parse_command_line
from token_classification.data.load import Corpus
from token_classification.story import walk
from token_classification.training.flags import build_recipe

if TYPE_CHECKING:
    from optuna import Trial

Clock = Callable[[], float]


class OutOfTimeError(Exception):
    """The time of the search is over, or does not suffice for the rest of a trial."""


@dataclass
class WatchTrial(TrainerCallback):
    """Reports the score of each epoch, and ends a trial that is among the worst or can't end in time."""

    trial: "Trial"
    deadline: float
    """On the clock; infinite if there is none"""
    clock: Clock = time.monotonic

    def __post_init__(self) -> None:
        self.started = self.clock()
        self.has_begun = False
        """Whether the model, the data and the flags were fine: from here on an error is one of the training"""

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Note that there is a training."""
        self.has_begun = True

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Look at the clock.

        Raises:
            OutOfTimeError: the time is over.
        """
        if self.clock() > self.deadline:
            raise OutOfTimeError(f"the time was over at step {state.global_step} of {state.max_steps}")

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        **kwargs: object,
    ) -> None:
        """Report the score of an epoch.

        Raises:
            TrialPruned: other trials were better by then.
            OutOfTimeError: at this speed the rest would not end in time.
        """
        import optuna

        score, epoch = (metrics or {})["eval_f1"], round(state.epoch or 0)
        self.trial.report(score, epoch)
        self.note_time()
        if state.global_step >= state.max_steps:
            return
        if self.trial.should_prune():
            raise optuna.TrialPruned(f"F1 {score:.4f} after epoch {epoch} is among the lowest")
        now = self.clock()
        left = (now - self.started) * (state.max_steps / state.global_step - 1)
        if now + left > self.deadline:
            raise OutOfTimeError(
                f"at its speed, what was left after epoch {epoch} takes {left:.0f} s, which is too long"
            )

    def note_time(self) -> None:
        """Note how long the trial has taken so far: a killed one has taken its time, too."""
        self.trial.set_user_attr("seconds", self.clock() - self.started)


def run_trial(argv: Sequence[str], corpus: Corpus, watch: WatchTrial) -> float:
    """Train as a command line says.

    Args:
        argv: Flags of `run_ner.py`.
        corpus: Its data, loaded.
        watch: What looks on.

    Returns:
        The F1 of the trained model on the validation split.

    Raises:
        TrialPruned, OutOfTimeError: see `WatchTrial`.
        UserError: whatever is wrong with the flags or the model, or a loss that is not finite.
    """
    arguments, _ = parse_command_line(argv)
    arguments = replace(arguments, command_line=("run_ner.py", *argv))
    recipe = replace(build_recipe(arguments), callbacks=(watch,))
    # A training tells its course on stdout, where a search has its answer.
    with redirect_stdout(sys.stderr):
        results = walk(arguments, recipe=recipe, corpus=corpus)
    return float(results["validation"].metrics["f1"])
