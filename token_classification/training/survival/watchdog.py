"""Watches a training for what usually goes wrong: one line with the cause and what to type next, each said once."""

import logging
from collections import Counter
from itertools import pairwise

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from token_classification.alignment.align import AlignedSplit
from token_classification.scoring.evaluate import SplitResults

logger = logging.getLogger(__name__)

OUTSIDE = "O"
HIGHEST_USUAL_RATE = 1e-3
"""Transformers are fine-tuned with 1e-5 to 5e-4."""
LOWEST_RATE_OF_ADAPTERS = 1e-4
PATIENCE = 2
"""Evaluations after which an F1 of 0 and labels that are never predicted are worth a line"""
WATCHED_LOGS = 3
LISTED_LABELS = 10


def list_logged(state: TrainerState, name: str) -> list[float]:
    """List what was logged under a name, oldest first; a continued training has what was logged before."""
    return [entry[name] for entry in state.log_history if name in entry]


class Watchdog(TrainerCallback):
    """Warns when all is predicted O, F1 stays 0, labels are dead, or the learning rate is far off."""

    def __init__(self, train_split: AlignedSplit | None, *, has_adapters: bool = False) -> None:
        """Watch a training on a split, of the whole model or of adapters (LoRA)."""
        self.train_split = train_split
        self.usual_rates = ("1e-3", "5e-4") if has_adapters else ("5e-5", "1e-4")
        self.lowest_rate = LOWEST_RATE_OF_ADAPTERS if has_adapters else 0.0
        self.results: tuple[AlignedSplit, SplitResults] | None = None
        self.said: set[str] = set()

    def see_results(self, split: AlignedSplit, results: SplitResults) -> None:
        """Take what the model made of a split; it is judged in `on_evaluate`."""
        self.results = (split, results)

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Look at the learning rate before the first step."""
        if not state.is_world_process_zero:
            return
        if args.learning_rate > HIGHEST_USUAL_RATE:
            self._say(
                "rate",
                f"the learning rate {args.learning_rate:g} is far above what transformers learn with (1e-5 to 5e-4); "
                f"if F1 stays low: --learning_rate {self.usual_rates[0]}.",
            )
        elif args.learning_rate < self.lowest_rate:
            self._say(
                "rate",
                f"the learning rate {args.learning_rate:g} is far below what adapters learn with (2e-4 to 1e-3); if "
                f"F1 stays low: --learning_rate {self.usual_rates[0]}.",
            )

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object) -> None:
        """Look at the first losses."""
        first = list_logged(state, "loss")
        if not state.is_world_process_zero or len(first) != WATCHED_LOGS:
            return
        if all(before < after for before, after in pairwise(first)):
            losses = ", ".join(f"{loss:.3g}" for loss in first)
            self._say(
                "rising",
                f"the loss rises from the start ({losses}): the learning rate {args.learning_rate:g} is too high; "
                f"start again with --learning_rate {args.learning_rate / 10:g} --overwrite_output_dir.",
            )

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Look at what was predicted; only the main process was told."""
        if self.results is None or self.results[0].gold is None:
            return
        split, results = self.results
        gold, predicted = (Counter(tag for tags in rows for tag in tags) for rows in (split.gold or (), results.tags))
        f1 = list_logged(state, "eval_f1")
        if set(predicted) == {OUTSIDE} != set(gold):
            self._say_all_outside(args, gold)
        elif len(f1) >= PATIENCE:
            self._say_dead_labels(args, gold, predicted)
        self._say_f1_stays_zero(args, f1, list_logged(state, "loss"))

    def _say_all_outside(self, args: TrainingArguments, gold: Counter[str]) -> None:
        entities = 1 - gold[OUTSIDE] / gold.total()
        self._say(
            "outside",
            f"every word is predicted O, while {entities:.1%} of the validation words are something else: the model "
            "has learnt too little yet, or the learning rate does not suit it. If the next evaluation says the same: "
            f"--num_train_epochs {2 * args.num_train_epochs:g}, or --learning_rate "
            f"{self.usual_rates[args.learning_rate == float(self.usual_rates[0])]}.",
        )

    def _say_dead_labels(self, args: TrainingArguments, gold: Counter[str], predicted: Counter[str]) -> None:
        dead = sorted(tag for tag in gold if tag not in predicted)
        if not dead:
            return
        train = self.train_split.gold if self.train_split is not None else None
        learnt = Counter(tag for tags in train or () for tag in tags)
        listed = ", ".join(f"{tag} ({learnt[tag]:,})" for tag in dead[:LISTED_LABELS])
        more = f" and {len(dead) - LISTED_LABELS} more" if len(dead) > LISTED_LABELS else ""
        cause = (
            "those with 0 do not occur in the training data: add sentences with them, or use its spelling"
            if any(learnt[tag] == 0 for tag in dead)
            else f"they are rare, or not learnt yet: --num_train_epochs {2 * args.num_train_epochs:g}"
        )
        self._say("dead", f"never predicted (words in the training data): {listed}{more}; {cause}.")

    def _say_f1_stays_zero(self, args: TrainingArguments, f1: list[float], losses: list[float]) -> None:
        falls = len(losses) >= 2 and losses[-1] < losses[0]
        if falls and len(f1) >= PATIENCE and not any(f1):
            self._say(
                "zero",
                f"the loss falls ({losses[0]:.3g} to {losses[-1]:.3g}), but F1 is 0 after {len(f1)} "
                "evaluations: the model learns O first, or the tags of the two files differ in spelling or scheme. "
                f"Compare the tag columns of both; otherwise: --num_train_epochs {2 * args.num_train_epochs:g}.",
            )

    def _say(self, what: str, line: str) -> None:
        """Warn, the first time."""
        if what not in self.said:
            self.said.add(what)
            logger.warning("Watchdog: %s", line)
