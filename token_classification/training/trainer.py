"""The Trainer, with this project's own evaluation: the prediction loop and the scores that all commands share."""

import logging
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import Dataset, Sampler
from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer, TrainerCallback
from transformers.integrations import TensorBoardCallback
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR, TrainOutput, speed_metrics

from token_classification.alignment.align import AlignedSplit
from token_classification.alignment.batches import WindowCollator
from token_classification.arguments.training import NerTrainingArguments
from token_classification.data.levels import Labels, list_columns
from token_classification.hardware import steady_kernels
from token_classification.modeling.adapters import find_adapter_config, load_adapters, save_adapters
from token_classification.modeling.weights import hide_weight_bars
from token_classification.recipe import DEFAULT_RECIPE, Recipe
from token_classification.scoring.evaluate import SplitResults, evaluate_levels
from token_classification.scoring.metrics_file import write_metrics
from token_classification.scoring.predict import WordPredictions
from token_classification.training.compiling import mark_varying_sizes
from token_classification.training.cpu.trained_rows import find_table, keep_state_whole
from token_classification.training.cpu.tuning import tuned_for_cpu
from token_classification.training.distillation import DistillationLoss
from token_classification.training.evaluation import WordTagger
from token_classification.training.hints import showing_states
from token_classification.training.known_results import Evaluation, KnownResults
from token_classification.training.loss import LabelLoss
from token_classification.training.optimizer import decay_layer_rates, group_parameters, set_head_learning_rate
from token_classification.training.packing.collator import PackingCollator, serving_masks
from token_classification.training.sampler import SplitWithBlank, WindowSampler, build_sampler
from token_classification.training.survival.checkpoints import FINISHED_RUN_FILE
from token_classification.training.survival.continuation import (
    check_continuation,
    describe_finished_training,
    write_record,
)
from token_classification.training.survival.damage import STATE_FILE
from token_classification.training.survival.failures import (
    advise_on_training_memory,
    explain_memory_errors,
)
from token_classification.training.survival.finite import check_loss, check_weights
from token_classification.training.survival.interruption import SaveAtSigterm
from token_classification.training.survival.kept_checkpoints import keep_all_checkpoints, remove_older_checkpoints
from token_classification.training.survival.weight_names import reading_hub_names
from token_classification.training.survival.whole_model import saving_whole

logger = logging.getLogger(__name__)


class NerTrainer(Trainer):
    """Trains as `Trainer` does, evaluates by words: best model, early stopping and result files agree."""

    # Of what the library allows here, these kinds only.
    args: NerTrainingArguments
    model: PreTrainedModel
    processing_class: PreTrainedTokenizerBase
    data_collator: WindowCollator | PackingCollator
    compute_loss_func: LabelLoss | DistillationLoss
    lr_scheduler: Any

    def __init__(
        self,
        *,
        model: PreTrainedModel,
        args: NerTrainingArguments,
        tokenizer: PreTrainedTokenizerBase,
        label_set: Labels,
        tagger: WordTagger,
        training_collator: WindowCollator | PackingCollator,
        train_split: AlignedSplit | None,
        eval_split: AlignedSplit | None,
        with_type_metrics: bool = False,
        class_weights: torch.Tensor | None = None,
        distillation_loss: DistillationLoss | None = None,
        recipe: Recipe = DEFAULT_RECIPE,
        on_results: Sequence[Callable[[AlignedSplit, SplitResults], None]] = (),
        callbacks: Sequence[TrainerCallback] = (),
        record: Mapping[str, Any] | None = None,
    ) -> None:
        self.label_set = label_set
        self.tagger = tagger
        self.with_type_metrics = with_type_metrics
        self.class_weights = class_weights
        self.recipe = recipe
        self.on_results = on_results
        self.record = record
        self.interruption = SaveAtSigterm()
        self.window_sampler: WindowSampler | None = None
        self.known_results = KnownResults()
        super().__init__(
            model=model,
            args=args,
            data_collator=training_collator,
            train_dataset=None if train_split is None else cast(Dataset[Any], SplitWithBlank(train_split)),
            eval_dataset=cast("Dataset[Any] | None", eval_split),
            processing_class=tokenizer,
            compute_loss_func=distillation_loss
            or LabelLoss(class_weights, args.label_smoothing_factor, list_columns(label_set)),
            # The last one: it leaves the training after the others were told of the checkpoint.
            callbacks=[*callbacks, self.interruption],
        )
        if args.logging_dir is not None:
            for callback in self.callback_handler.callbacks:
                if isinstance(callback, TensorBoardCallback):
                    callback.logging_dir = os.path.expanduser(args.logging_dir)

    def evaluate(  # type: ignore[override]  # of the library's kinds of data sets only ours is ever given
        self,
        eval_dataset: AlignedSplit | None = None,
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> dict[str, float]:
        """Evaluate a split (default: validation), log the metrics and tell the callbacks, as `Trainer` does."""
        split = eval_dataset or cast(AlignedSplit, self.eval_dataset)
        results, metrics = self.predict_split(split, metric_key_prefix)
        # A copy: `log` adds the epoch.
        self.known_results.remember(self.state, Evaluation(split, metric_key_prefix, results, {**metrics}))
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def predict_split(self, split: AlignedSplit, metric_key_prefix: str) -> tuple[SplitResults, dict[str, float]]:
        """Tag the words of a split and score them where it has gold.

        Returns:
            The results, and their metrics under the names of the result files (`eval_f1`, `predict_loss` ...).
        """
        start = time.time()
        results = evaluate_levels(self._predict_words(split), split, self.label_set, self.with_type_metrics)
        metrics = {f"{metric_key_prefix}_{name}": value for name, value in results.metrics.items()}
        samples = int(results.metrics["samples"])
        steps = math.ceil(samples / (self.args.eval_batch_size * self.args.world_size))
        metrics |= speed_metrics(metric_key_prefix, start, num_samples=samples, num_steps=steps)
        if self.is_world_process_zero():
            for tell in self.on_results:
                tell(split, results)
        return results, metrics

    def learn(self, checkpoint: str | None, sentences: int, model_folder: Path | None = None) -> None:
        """Train, from a checkpoint if one is given, and leave model, metrics and state in the output folder."""
        folder = str(model_folder or self.args.folder)
        with self.interruption.listening():
            with explain_memory_errors(advise_on_training_memory(self.args)):
                metrics = self.train(resume_from_checkpoint=checkpoint).metrics
            self.save_model(folder)
            if self.has_trained():
                self._leave_metrics("train", {**metrics, "train_samples": sentences})
            else:
                stopped_early = self.state.global_step < self.state.max_steps
                logger.warning(describe_finished_training(str(checkpoint), self.args, stopped_early))
                if not (self.args.folder / FINISHED_RUN_FILE).exists():
                    self._leave_metrics("train", {"epoch": self.state.epoch, "train_samples": sentences})
            self.save_state()
            self.interruption.leave_trained(self.args, folder)

    def has_trained(self) -> bool:
        """Tell whether the last call of `train` made a step: none if the checkpoint is that of the last one."""
        return self.state.global_step > self._initial_global_step

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Log as `Trainer` does, but no loss and speed of a training without a step."""
        if "train_runtime" not in logs or self.has_trained():
            super().log(logs, start_time)

    def train(
        self,
        resume_from_checkpoint: str | bool | None = None,
        trial: Any = None,  # noqa: ANN401 - nothing here depends on what it is
        ignore_keys_for_eval: list[str] | None = None,
    ) -> TrainOutput:
        """Train as `Trainer` does; on the CPU with what makes a step cheaper.

        Raises:
            UserError: the checkpoint is of another training.
        """
        if isinstance(resume_from_checkpoint, str) and self.is_world_process_zero():
            check_continuation(Path(resume_from_checkpoint), self.record or {})
        tuned = tuned_for_cpu(self.model, self._find_train_split(), self.data_collator.pad_id, self.args)
        source = str(resume_from_checkpoint or self.args.folder)
        masks, names = serving_masks(self.model, self.data_collator), reading_hub_names(self.model, source)
        loss = self.compute_loss_func
        hints = isinstance(loss, DistillationLoss) and loss.hint is not None
        states = showing_states(self.model) if hints else nullcontext()
        with tuned, steady_kernels(), masks, names, states:
            return super().train(resume_from_checkpoint, trial, ignore_keys_for_eval)

    def training_step(
        self,
        model: nn.Module,
        inputs: dict[str, torch.Tensor],
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """Take a step as `Trainer` does; a NaN or infinite loss ends the training.

        Looked at in every step on the CPU; on an accelerator, which would have to be waited for, in those that are
        logged. No checkpoint is saved in between, see `_save_checkpoint`.
        """
        if self.args.torch_compile:
            mark_varying_sizes(inputs)
        loss: torch.Tensor = super().training_step(model, inputs, num_items_in_batch)
        step = self.state.global_step + 1
        if self.args.device.type == "cpu" or step % max(1, self.state.logging_steps) == 0:
            read: Any = self.processing_class.batch_decode
            check_loss(loss, step, lambda: read(self.data_collator.split_rows(inputs), skip_special_tokens=True))
        return loss

    def _run_epoch(self, *, epoch: int, **settings: object) -> None:  # type: ignore[override] # called by these names
        """Run an epoch as `Trainer` does; none if the training ended with the checkpoint that is continued.

        `Trainer` looks at `max_steps` after each step only: it would train one too many. And where several processes
        go on within an epoch, the library doesn't tell the sampler which one: it would order the windows as in the
        first epoch.
        """
        if self.control.should_training_stop or self.state.global_step >= self.state.max_steps:
            self.control.should_training_stop = True
            return
        if self.window_sampler is not None:
            self.window_sampler.set_epoch(epoch)
        super()._run_epoch(epoch=epoch, **settings)  # type: ignore[no-untyped-call]  # the library's

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:  # noqa: ANN401 - a kind of optuna, if it is there
        """Save good weights only, and so that a kill in between can be seen: the file written last is missing then.

        It is removed first, because an earlier run may have left one in a checkpoint of the same number.
        """
        check_weights(self.model, self.state.global_step)
        folder = self.args.folder / f"{PREFIX_CHECKPOINT_DIR}-{self.state.global_step}"
        if self.args.should_save:
            (folder / STATE_FILE).unlink(missing_ok=True)
            write_record(folder, self.record or {})
        with keep_all_checkpoints(self.args):
            super()._save_checkpoint(model, trial)
        self._remove_older_checkpoints({folder})

    def _remove_older_checkpoints(self, kept: set[Path]) -> None:
        if self.args.should_save:
            best = self.state.best_model_checkpoint
            kept = kept | ({Path(best)} if best else set())
            remove_older_checkpoints(self.args.folder, self.args.save_total_limit, kept)

    def _save(self, output_dir: str | None = None, state_dict: dict[str, Any] | None = None) -> None:
        """Save the model's files as `Trainer` does, but all of them or none."""
        folder = Path(output_dir or self.args.folder)
        with saving_whole(folder, self.args.should_save) as unfinished, hide_weight_bars():
            if find_adapter_config(self.model) is None:
                super()._save(str(unfinished), state_dict)
            elif self.args.should_save:
                save_adapters(self.model, unfinished)
                self.processing_class.save_pretrained(unfinished)
                torch.save(self.args, unfinished / "training_args.bin")

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        """Load the weights that a training goes on from: of an adapted model those that it learns."""
        if find_adapter_config(self.model) is None:
            super()._load_from_checkpoint(resume_from_checkpoint, model)
        else:
            load_adapters(self.model, Path(resume_from_checkpoint))

    def _load_best_model(self) -> None:
        """Load the best weights of the training, likewise."""
        if find_adapter_config(self.model) is None:
            super()._load_best_model()
        else:
            load_adapters(self.model, Path(str(self.state.best_model_checkpoint)))

    def report_split(self, split: AlignedSplit, metric_key_prefix: str) -> SplitResults:
        """Tag and score a split, and leave the metrics in the output folder."""
        results, metrics = self.find_results(split, metric_key_prefix)
        self._leave_metrics(metric_key_prefix, metrics)
        return results

    def find_results(self, split: AlignedSplit, metric_key_prefix: str) -> tuple[SplitResults, dict[str, float]]:
        """Tag and score a split as `predict_split` does.

        What the training has already found out about the weights that it ended with is not computed again.
        """
        known = self.known_results.find(self.state, split, metric_key_prefix, self.args.load_best_model_at_end)
        return (known.results, known.metrics) if known else self.predict_split(split, metric_key_prefix)

    def _leave_metrics(self, split: str, metrics: dict[str, float]) -> None:
        """Log metrics, and write them to the output folder."""
        self.log_metrics(split, metrics)
        if self.is_world_process_zero():
            write_metrics(self.args.folder, split, metrics)

    def _find_train_split(self) -> AlignedSplit:
        """Return the split that is learnt from."""
        if not isinstance(self.train_dataset, SplitWithBlank):
            raise ValueError("there is nothing to learn from: the trainer was built without a training split")
        return self.train_dataset.split

    def _get_train_sampler(  # type: ignore[override]  # likewise
        self, train_dataset: SplitWithBlank | None = None
    ) -> Sampler[int] | None:
        """Choose the sampler; with auto and group_by_length one whose order a continued training finds again."""
        dataset = train_dataset or cast(SplitWithBlank, self.train_dataset)
        if self.args.train_sampling_strategy not in ("auto", "group_by_length"):
            return super()._get_train_sampler(cast(Dataset[Any], dataset))
        # With --auto_find_batch_size the batch size shrinks, that of the arguments does not.
        is_packed = isinstance(self.data_collator, PackingCollator)
        self.window_sampler = build_sampler(dataset, self.args, self._train_batch_size, is_packed)
        return self.window_sampler

    def _get_num_items_in_batch(
        self, batch_samples: list[dict[str, torch.Tensor]], device: torch.device
    ) -> torch.Tensor | int | None:
        """Count what the loss of a step is divided by, on all processes: labelled positions or their class weights."""
        if self.compute_loss_func.counts_labels:
            return super()._get_num_items_in_batch(batch_samples, device)
        weights = (self.compute_loss_func.weigh(batch["labels"]) for batch in batch_samples)
        weight = sum(weights, torch.tensor(0.0)).to(device)
        return self.accelerator.gather(weight).sum() if self.args.average_tokens_across_devices else weight

    def _finalize_training(self, *args: object, **kwargs: object) -> TrainOutput:
        """Average the loss since the last log line over the processes; the library takes that of the first one."""
        self._tr_loss = self.accelerator.reduce(self._tr_loss, reduction="mean")
        with keep_all_checkpoints(self.args):
            output: TrainOutput = super()._finalize_training(*args, **kwargs)  # type: ignore[no-untyped-call]  # the library's
        if self.state.best_model_checkpoint:
            # The last one is no longer needed to go on from, where room is for the best only.
            self._remove_older_checkpoints(set())
        return output

    def create_optimizer(self, model: nn.Module | None = None) -> Optimizer:
        """Build the optimizer of the recipe; without one that of the TrainingArguments."""
        if self.optimizer is not None:
            return self.optimizer
        if self.recipe.optimizer is None:
            super().create_optimizer(model)
        else:
            decayed = None if self.recipe.decays_all_weights else self.get_decay_parameter_names(model or self.model)
            self.optimizer = self.recipe.optimizer(
                group_parameters(model or self.model, self.args.weight_decay, decayed)
            )
        optimizer = cast(Optimizer, self.optimizer)
        if self.args.layerwise_lr_decay is not None:
            decay_layer_rates(optimizer, self.model, self.args.layerwise_lr_decay)
        if self.args.head_learning_rate is not None:
            set_head_learning_rate(optimizer, self.model, self.args.head_learning_rate)
        keep_state_whole(optimizer, find_table(self.model))
        return optimizer

    def create_scheduler(self, num_training_steps: int, optimizer: Optimizer | None = None) -> LRScheduler:
        """Build the schedule of the recipe; without one that of the TrainingArguments."""
        if self.recipe.schedule is None:
            return super().create_scheduler(num_training_steps, optimizer)
        if self.lr_scheduler is None:
            self.lr_scheduler = self.recipe.schedule(optimizer or cast(Optimizer, self.optimizer), num_training_steps)
            self._created_lr_scheduler = True
        return self.lr_scheduler

    def _predict_words(self, split: AlignedSplit) -> list[WordPredictions]:
        """Tag the words of a split on each level, without the noise of training."""
        was_training = self.model.training
        self.model.eval()
        run_model = self._run_sharded if self.is_fsdp_enabled else self._run_whole
        predictions = self.tagger.tag(split, run_model, self.args, self.is_fsdp_enabled)
        self.model.train(was_training)
        return predictions

    def _run_whole(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return the logits of a model that each process has whole, without the autocast that accelerate adds."""
        return getattr(self.model, "_original_forward", self.model.forward)(**inputs).logits

    def _run_sharded(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return the logits of a model that is sharded (FSDP); inference mode can't gather its weights."""
        with torch.inference_mode(False), torch.no_grad():
            return self.model_wrapped(**inputs).logits

    def create_model_card(self, *args: object, **kwargs: object) -> None:
        """Leave the card to `reporting.model_card`, which has scores per type; the library's would overwrite it."""
