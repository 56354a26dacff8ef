"""A training ends where its evaluations get no better, also one that is continued."""

import logging

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from token_classification.recipe import EarlyStopping

logger = logging.getLogger(__name__)


class StopEarly(TrainerCallback):
    """Ends a training after so many evaluations in a row without a better score.

    The library's own callback counts anew when a training is continued, and measures each score against the best one;
    here a slow rise counts, as soon as it adds up to `min_delta`.
    """

    def __init__(self, rule: EarlyStopping) -> None:
        self.rule = rule
        self.best: float | None = None
        self.waited = 0
        """Evaluations since the best one"""

    @property
    def is_over(self) -> bool:
        """Tell whether the training has waited long enough."""
        return self.waited > 0 and self.waited >= self.rule.patience

    def see(self, value: float) -> None:
        """Take in the score of one evaluation."""
        gain = 0.0 if self.best is None else value - self.best
        if self.best is None or (gain if self.rule.greater_is_better else -gain) > self.rule.min_delta:
            self.best, self.waited = value, 0
        else:
            self.waited += 1

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Take in what a checkpoint that is continued has seen."""
        self.best, self.waited = None, 0
        for entry in state.log_history:
            if self.rule.metric in entry:
                self.see(entry[self.rule.metric])
        control.should_training_stop = self.is_over

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        **kwargs: object,
    ) -> None:
        """Take in an evaluation, and end the training if it was one too many."""
        self.see((metrics or {})[self.rule.metric])
        if self.is_over:
            control.should_training_stop = True
            if state.is_world_process_zero:
                logger.info(
                    "%s did not improve in the last %d evaluations; its best is %.4f. The training ends here.",
                    *(self.rule.metric, self.waited, self.best),
                )
