"""What a training has found out about the weights that it ends with, so that it is not computed twice."""

from dataclasses import dataclass, field
from pathlib import Path

from transformers import TrainerState
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from token_classification.alignment.align import AlignedSplit
from token_classification.scoring.evaluate import SplitResults


@dataclass(frozen=True)
class Evaluation:
    """What a model made of a split at some step."""

    split: AlignedSplit
    prefix: str
    """What names of metrics begin with: `eval` or `predict`"""
    results: SplitResults
    metrics: dict[str, float]
    """As the result files have them"""


@dataclass
class KnownResults:
    """The evaluations of a training whose weights it may end with: the newest one and that of the best step so far."""

    by_step: dict[int, Evaluation] = field(default_factory=dict)

    def remember(self, state: TrainerState, evaluation: Evaluation) -> None:
        """Keep the evaluation of the current step, and of earlier ones that of the best step."""
        best = {step: known for step, known in self.by_step.items() if step == state.best_global_step}
        self.by_step = best | {state.global_step: evaluation}

    def find(self, state: TrainerState, split: AlignedSplit, prefix: str, loads_best: bool) -> Evaluation | None:
        """Return the evaluation of a split by the weights of a finished training; None: there was none.

        Args:
            state: Of the training.
            split: What is to be evaluated.
            prefix: See `Evaluation`.
            loads_best: Whether the training ends with the weights of its best checkpoint.
        """
        step = state.global_step
        if loads_best and state.best_model_checkpoint is not None:
            # Not `best_global_step`: no checkpoint may have been saved there.
            step = int(Path(state.best_model_checkpoint).name.removeprefix(f"{PREFIX_CHECKPOINT_DIR}-"))
        known = self.by_step.get(step)
        return known if known is not None and known.split is split and known.prefix == prefix else None
