"""A training that ends in time: its first steps tell how many fit, and its learning rate falls to 0 over these."""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

logger = logging.getLogger(__name__)

MEASURED_STEPS = 20
MEASURED_SHARE = 0.1
"""Of all steps, where that is less"""
SCORING = 1.5
"""Scoring a window takes this many times as long as learning from one, at most: without gradients, but in float32"""
WORTH_SAYING = 0.9
"""Of the steps that were told, where it becomes fewer"""
ENDING_SHARE, ENDING_SECONDS = 0.05, 5.0
"""What saving, reports and calibration get: the larger of a share of the time and of so many seconds"""


@dataclass
class TimedSchedule:
    """A linear warm-up and decay over as many steps as fit, which is found out while it is followed."""

    seconds: float
    """From the beginning of the run to its end"""
    warmup: float
    """Steps; below 1 a share of all steps"""
    started: float = field(default_factory=time.monotonic)
    steps: int = 0
    """Of the whole training, as far as is known"""

    def __call__(self, optimizer: Optimizer, steps: int) -> LambdaLR:
        """Build the schedule for an optimizer, at first over all steps that are asked for."""
        self.steps = steps
        return LambdaLR(optimizer, lambda step: self.find_share(step))

    def find_share(self, step: int) -> float:
        """Return the share of the full rate at a step."""
        warmup = int(self.warmup) if self.warmup >= 1 else math.ceil(self.steps * self.warmup)
        if step < warmup:
            return step / warmup
        return max(0.0, (self.steps - step) / max(1, self.steps - warmup))


class KeepTime(TrainerCallback):
    """Measures the first steps, shortens the training to what fits, and again if the machine becomes slower."""

    def __init__(self, schedule: TimedSchedule, scored: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.schedule = schedule
        self.scored = scored
        """Windows that are scored in the end"""
        self.clock = clock
        self.began = self.after_first = 0.0
        self.measured = MEASURED_STEPS
        self.told = 0
        """Steps that the user was told of last"""

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Start the watch."""
        self.began = self.clock()
        self.told = state.max_steps
        self.measured = max(2, min(MEASURED_STEPS, int(state.max_steps * MEASURED_SHARE)))

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Find out how many steps fit."""
        now, step = self.clock(), state.global_step
        if step == 1:
            self.after_first = now
        # The first step is slower than the others: it compiles, and fills caches.
        a_step = (now - self.after_first) / (step - 1) if step > 1 else now - self.began
        windows = args.train_batch_size * args.gradient_accumulation_steps
        scoring = a_step / windows * self.scored * SCORING
        ending = scoring + max(ENDING_SHARE * self.schedule.seconds, ENDING_SECONDS)
        left = self.schedule.started + self.schedule.seconds - ending - now
        fitting = step + max(0, int(left / a_step) if a_step > 0 else state.max_steps)
        if step == self.measured:
            self._tell(fitting, a_step, ending, state)
        if fitting >= self.schedule.steps or (step < self.measured and left > 0):
            return
        if fitting < WORTH_SAYING * self.told:
            self.told = fitting
            logger.warning("Fewer steps fit than it seemed: the training ends after %d of them or earlier.", fitting)
        self.schedule.steps = state.max_steps = fitting
        if fitting <= step:
            control.should_training_stop = True

    def _tell(self, fitting: int, a_step: float, ending: float, state: TrainerState) -> None:
        """Say what fits, and how long it will take."""
        steps = min(fitting, state.max_steps)
        self.told = steps
        epochs = state.num_train_epochs * steps / state.max_steps
        logger.info(
            "Time budget of %.0f s: a step takes %.3f s, and %.0f s are kept for scoring and saving. %s fit: %d "
            "steps, about %.0f s. The learning rate falls to 0 over these.",
            *(self.schedule.seconds, a_step, ending),
            f"All {epochs:g} epochs"
            if steps == state.max_steps
            else f"{epochs:.2f} of {state.num_train_epochs:g} epochs",
            *(steps, steps * a_step),
        )

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Say how long it took."""
        logger.info("Trained %d steps in %.0f s.", state.global_step, self.clock() - self.began)
