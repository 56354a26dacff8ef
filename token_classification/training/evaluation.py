"""The words of a split as the model in training tags them, by one process or by all of a distributed run."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

import torch
from accelerate.utils import gather_object

from token_classification.alignment.align import AlignedSplit
from token_classification.alignment.batches import CPU_POSITIONS, WindowCollator
from token_classification.arguments.training import NerTrainingArguments
from token_classification.scoring.decode import LevelOutputs
from token_classification.scoring.predict import PredictionLoop, WordPredictions, merge_shares
from token_classification.scoring.sharing import BF16_ROUNDING, FLOAT32_ROUNDING, SharingProbe
from token_classification.scoring.torch_runner import RunTensors, run_with_torch
from token_classification.training.survival.failures import advise_on_evaluation_memory, explain_memory_errors


@dataclass(frozen=True)
class WordTagger:
    """What it takes to tag a split while training."""

    collator: WindowCollator
    token_budget: int
    """Positions of a batch, see `choose_token_budget`"""
    levels: Sequence[LevelOutputs]
    """The only level of a model, or those of nested entities"""
    class_weights: torch.Tensor | None
    sharing: SharingProbe = field(default_factory=SharingProbe)

    def tag(
        self,
        split: AlignedSplit,
        run: RunTensors,
        training: NerTrainingArguments,
        is_sharded: bool,
    ) -> list[WordPredictions]:
        """Run the prediction loop; the processes of a distributed run share the batches and each gets the whole.

        In float32 unless `--bf16_full_eval` or `--fp16_full_eval` is given: then no tag depends on what else is in a
        batch.

        Args:
            split: What to tag.
            run: A batch -> logits.
            training: Device, precision and processes.
            is_sharded: Whether the weights are spread over the processes. All gather them in each forward, so each
                runs all batches.
        """
        # The model has learnt since the last evaluation. With FSDP it computes in the precision of the training.
        in_half = is_sharded and (training.bf16 or training.fp16)
        self.sharing.forget(BF16_ROUNDING if in_half else FLOAT32_ROUNDING)
        loop = PredictionLoop(
            run_model=run_with_torch(run, training.device),
            collator=self.collator,
            token_budget=self.token_budget,
            levels=self.levels,
            class_weights=self.class_weights,
            precision=lambda: _choose_precision(training),
            device=training.device,
            show_progress=not training.disable_tqdm and training.process_index == 0,
            sharing=self.sharing,
        )
        is_shared = training.world_size > 1 and not is_sharded
        share = (training.process_index, training.world_size) if is_shared else (0, 1)
        with explain_memory_errors(advise_on_evaluation_memory(training)):
            predictions = loop.predict_levels(split.windows, split.ledger.words, share)
        if not is_shared:
            return predictions
        return [merge_shares(shares) for shares in zip(*gather_object([predictions]), strict=True)]


def _choose_precision(training: NerTrainingArguments) -> torch.autocast | nullcontext[None]:
    """Return the context that an evaluation runs in."""
    if training.bf16_full_eval or training.fp16_full_eval:
        return torch.autocast(training.device.type, torch.bfloat16 if training.bf16_full_eval else torch.float16)
    return nullcontext()


def choose_token_budget(training: NerTrainingArguments, window_length: int) -> int:
    """Return the positions of a batch: as many as `--per_device_eval_batch_size` windows of full length have.

    On the CPU at most `CPU_POSITIONS`; a window that is longer is a batch by itself.
    """
    asked = training.per_device_eval_batch_size * window_length
    return min(asked, CPU_POSITIONS) if training.device.type == "cpu" else asked
