"""How often a run trains, with other random numbers each time, and which of the models stays."""

from dataclasses import dataclass, field
from typing import Literal

from token_classification.arguments.values import LARGEST_SEED
from token_classification.errors import UserError

MOST_TRAININGS = 20
"""A larger number alone is meant as a seed, more likely"""


@dataclass
class SeedsArguments:
    """How often a run trains, with other random numbers each time, and which of the models stays."""

    seeds: list[int] | None = field(
        default=None,
        metadata={
            "metavar": "N",
            "help": "Train several times, each in output_dir/seed-N: one number is how often (5: from --seed on), "
            "several are the seeds (42 1 2 3). Mean, deviation and interval of the scores are written, and one model "
            "is kept. Trainings that are finished are not repeated.",
        },
    )
    keep_model: Literal["best", "average"] | None = field(
        default=None,
        metadata={
            "help": "With --seeds: which model is kept: the one with the best validation score, or the average of "
            "their weights. For an average, all start with one head, in other orders of the data (--data_seed). "
            "Default: best."
        },
    )

    def __post_init__(self) -> None:
        if self.seeds is None:
            if self.keep_model is not None:
                raise UserError(
                    f"--keep_model {self.keep_model}: says which of several trainings is kept, and there is one; "
                    "accepted with --seeds; add --seeds 5, or leave it out."
                )
            return
        typed = " ".join(map(str, self.seeds))
        if len(self.seeds) == 1 and not 2 <= self.seeds[0] <= MOST_TRAININGS:
            raise UserError(
                f"--seeds {typed}: one number says how many trainings, accepted are 2 to {MOST_TRAININGS}; several "
                f"numbers are seeds; for one training with this seed: --seed {typed}"
            )
        if any(not 0 <= seed <= LARGEST_SEED for seed in self.seeds):
            raise UserError(f"--seeds {typed}: accepted are seeds from 0 to {LARGEST_SEED}; give other ones.")
        if len(set(self.seeds)) < len(self.seeds):
            raise UserError(f"--seeds {typed}: a seed is given twice; accepted are different seeds; leave one out.")

    @property
    def keeps_best(self) -> bool:
        """Whether the best model is kept, not the average of all."""
        return self.keep_model != "average"

    def list_seeds(self, first: int) -> tuple[int, ...]:
        """Return the seeds of all trainings; none unless several are asked for.

        Args:
            first: `--seed`.
        """
        if self.seeds is None:
            return ()
        return tuple(range(first, first + self.seeds[0])) if len(self.seeds) == 1 else tuple(self.seeds)
