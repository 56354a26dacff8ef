"""The Trainer, with this project's own evaluation: the prediction loop and the scores that all commands share."""

import logging
import math
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import torch
from accelerate.utils import gather_object
from torch import nn
from torch.utils.data import Sampler
from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer, TrainerCallback
from transformers.integrations import TensorBoardCallback
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR, TrainOutput, speed_metrics

from token_classification.alignment.align import AlignedSplit
from token_classification.alignment.batches import WindowCollator
from token_classification.arguments.training import NerTrainingArguments
from token_classification.data.labels import LabelSet
from token_classification.data.whole_files import (
    DECIDED,
    decide_file_set,
    name_unfinished,
    remove_unfinished,
)
from token_classification.modeling.weights import hide_weight_bars
from token_classification.recipe import DEFAULT_RECIPE, Recipe
from token_classification.scoring.decode import Viterbi
from token_classification.scoring.evaluate import SplitResults, evaluate_split
from token_classification.scoring.metrics_file import write_metrics
from token_classification.scoring.predict import PredictionLoop, WordPredictions, merge_shares
from token_classification.training.cpu.trained_rows import keep_state_whole
from token_classification.training.cpu.tuning import tuned_for_cpu
from token_classification.training.loss import LabelLoss
from token_classification.training.optimizer import set_head_learning_rate
from token_classification.training.packing import PackingCollator
from token_classification.training.sampler import SplitWithBlank, WindowSampler
from token_classification.training.survival.checkpoints import FINISHED_RUN_FILE
from token_classification.training.survival.continuation import (
    check_continuation,
    check_weight_names,
    describe_finished_training,
    write_record,
)
from token_classification.training.survival.damage import STATE_FILE
from token_classification.training.survival.failures import (
    advise_on_evaluation_memory,
    advise_on_training_memory,
    explain_memory_errors,
)
from token_classification.training.survival.finite import check_loss, check_weights
from token_classification.training.survival.interruption import SaveAtSigterm
from token_classification.training.survival.kept_checkpoints import keep_all_checkpoints, remove_older_checkpoints

logger = logging.getLogger(__name__)


class NerTrainer(Trainer):
    """Trains as `Trainer` does, evaluates by words: best model, early stopping and result files agree."""

    def __init__(
        self,
        *,
        model: PreTrainedModel,
        args: NerTrainingArguments,
        tokenizer: PreTrainedTokenizerBase,
        label_set: LabelSet,
        collator: WindowCollator,
        training_collator: WindowCollator | PackingCollator,
        window_length: int,
        train_split: AlignedSplit | None,
        eval_split: AlignedSplit | None,
        decoder: Viterbi | None = None,
        with_type_metrics: bool = False,
        class_weights: torch.Tensor | None = None,
        recipe: Recipe = DEFAULT_RECIPE,
        on_results: Sequence[Callable[[AlignedSplit, SplitResults], None]] = (),
        callbacks: Sequence[TrainerCallback] = (),
        record: Mapping | None = None,
    ):
        self.label_set = label_set
        self.collator = collator
        self.decoder = decoder
        self.with_type_metrics = with_type_metrics
        # Prediction batches hold as many positions as per_device_eval_batch_size windows of full length.
        self.token_budget = args.per_device_eval_batch_size * window_length
        self.class_weights = class_weights
        self.recipe = recipe
        self.on_results = on_results
        self.record = record
        self.interruption = SaveAtSigterm()
        self.window_sampler: WindowSampler | None = None
        super().__init__(
            model=model,
            args=args,
            data_collator=training_collator,
            train_dataset=None if train_split is None else SplitWithBlank(train_split),
            eval_dataset=eval_split,
            processing_class=tokenizer,
            compute_loss_func=LabelLoss(class_weights, args.label_smoothing_factor),
            # The last one: it leaves the training after the others were told of the checkpoint.
            callbacks=[*callbacks, self.interruption],
        )
        if args.logging_dir is not None:
            for callback in self.callback_handler.callbacks:
                if isinstance(callback, TensorBoardCallback):
                    callback.logging_dir = os.path.expanduser(args.logging_dir)

    def evaluate(
        self,
        eval_dataset: AlignedSplit | None = None,
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> dict[str, float]:
        """Evaluate a split (default: validation), log the metrics and tell the callbacks, as `Trainer` does."""
        metrics = self.predict_split(eval_dataset or self.eval_dataset, metric_key_prefix)[1]
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def predict_split(self, split: AlignedSplit, metric_key_prefix: str) -> tuple[SplitResults, dict[str, float]]:
        """Tag the words of a split and score them where it has gold.

        Returns:
            The results, and their metrics under the names of the result files (`eval_f1`, `predict_loss` ...).
        """
        start = time.time()
        results = evaluate_split(self._predict_words(split), split, self.label_set, self.with_type_metrics)
        metrics = {f"{metric_key_prefix}_{name}": value for name, value in results.metrics.items()}
        steps = math.ceil(len(results.tags) / (self.args.eval_batch_size * self.args.world_size))
        metrics |= speed_metrics(metric_key_prefix, start, num_samples=len(results.tags), num_steps=steps)
        if self.is_world_process_zero():
            for tell in self.on_results:
                tell(split, results)
        return results, metrics

    def learn(self, checkpoint: str | None, sentences: int, model_folder: Path | None = None) -> None:
        """Train, from a checkpoint if one is given, and leave model, metrics and state in the output folder."""
        folder = str(model_folder or self.args.output_dir)
        with self.interruption.listening():
            with explain_memory_errors(advise_on_training_memory(self.args)):
                metrics = self.train(resume_from_checkpoint=checkpoint).metrics
            self.save_model(folder)
            if self.has_trained():
                self._leave_metrics("train", {**metrics, "train_samples": sentences})
            else:
                stopped_early = self.state.global_step < self.state.max_steps
                logger.warning(describe_finished_training(checkpoint, self.args, stopped_early))
                if not (Path(self.args.output_dir) / FINISHED_RUN_FILE).exists():
                    self._leave_metrics("train", {"epoch": self.state.epoch, "train_samples": sentences})
            self.save_state()
            self.interruption.leave_trained(self.args, folder)

    def has_trained(self) -> bool:
        """Whether the last call of `train` made a step: none where the checkpoint is that of the last one."""
        return self.state.global_step > self._initial_global_step

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Log as `Trainer` does, but no loss and speed of a training without a step."""
        if "train_runtime" not in logs or self.has_trained():
            super().log(logs, start_time)

    def train(self, resume_from_checkpoint: str | None = None, **kwargs) -> TrainOutput:
        """Train as `Trainer` does; on the CPU with what makes a step cheaper.

        Raises:
            UserError: the checkpoint is of another training.
        """
        if resume_from_checkpoint is not None and self.is_world_process_zero():
            check_continuation(Path(resume_from_checkpoint), self.record)
            check_weight_names(Path(resume_from_checkpoint), self.model)
        with tuned_for_cpu(self.model, self.train_dataset.split, self.data_collator.pad_id, self.args):
            return super().train(resume_from_checkpoint, **kwargs)

    def training_step(
        self,
        model: nn.Module,
        inputs: dict[str, torch.Tensor],
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """A step of `Trainer`, whose loss must be a number.

        Looked at in every step on the CPU; on an accelerator, which would have to be waited for, in those that are
        logged. No checkpoint is saved in between, see `_save_checkpoint`.
        """
        loss = super().training_step(model, inputs, num_items_in_batch)
        step = self.state.global_step + 1
        if self.args.device.type == "cpu" or step % max(1, self.state.logging_steps) == 0:
            read = self.processing_class.batch_decode
            check_loss(loss, step, lambda: read(self.data_collator.split_rows(inputs), skip_special_tokens=True))
        return loss

    def _run_epoch(self, *, epoch: int, **settings) -> None:
        """An epoch of `Trainer`; none where the checkpoint that is continued is that of the last step.

        That is also one after which the training stopped early.

        `Trainer` looks at `max_steps` after each step only: it would train one too many. And where several processes
        go on within an epoch, the library doesn't tell the sampler which one: it would order the windows as in the
        first epoch.
        """
        if self.control.should_training_stop or self.state.global_step >= self.state.max_steps:
            self.control.should_training_stop = True
            return
        if self.window_sampler is not None:
            self.window_sampler.set_epoch(epoch)
        super()._run_epoch(epoch=epoch, **settings)

    def _save_checkpoint(self, model: nn.Module, trial: object) -> None:
        """Save good weights only, and so that a kill in between can be seen: the file written last is not there.

        It would be, where a checkpoint of an earlier run with the same number of steps is written over.
        """
        check_weights(self.model, self.state.global_step)
        folder = Path(self.args.output_dir) / f"{PREFIX_CHECKPOINT_DIR}-{self.state.global_step}"
        if self.args.should_save:
            (folder / STATE_FILE).unlink(missing_ok=True)
            write_record(folder, self.record)
        with keep_all_checkpoints(self.args):
            super()._save_checkpoint(model, trial)
        self._remove_older_checkpoints({folder})

    def _remove_older_checkpoints(self, kept: set[Path]) -> None:
        if self.args.should_save:
            best = self.state.best_model_checkpoint
            kept = kept | ({Path(best)} if best else set())
            remove_older_checkpoints(Path(self.args.output_dir), self.args.save_total_limit, kept)

    def _save(self, output_dir: str | None = None, state_dict: dict | None = None) -> None:
        """Save the model's files as `Trainer` does, but all of them or none: new labels never meet old weights."""
        folder = Path(output_dir or self.args.output_dir)
        unfinished = name_unfinished(folder / DECIDED)
        if self.args.should_save and folder.exists():
            remove_unfinished(folder)
        try:
            with hide_weight_bars():
                super()._save(str(unfinished), state_dict)
            if self.args.should_save:
                decide_file_set(unfinished, folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def report_split(self, split: AlignedSplit, metric_key_prefix: str) -> SplitResults:
        """Tag and score a split, and leave the metrics in the output folder."""
        results, metrics = self.predict_split(split, metric_key_prefix)
        self._leave_metrics(metric_key_prefix, metrics)
        return results

    def _leave_metrics(self, split: str, metrics: dict[str, float]) -> None:
        """Log metrics, and write them to `{split}_results.json` and into `all_results.json`."""
        self.log_metrics(split, metrics)
        if not self.is_world_process_zero():
            return
        write_metrics(Path(self.args.output_dir), split, metrics)

    def _get_train_sampler(self, train_dataset: SplitWithBlank | None = None) -> Sampler | None:
        """With auto and group_by_length: this project's own sampler, whose order a continued training finds again."""
        dataset = train_dataset or self.train_dataset
        strategy = self.args.train_sampling_strategy
        if strategy not in ("auto", "group_by_length"):
            return super()._get_train_sampler(dataset)
        # With --auto_find_batch_size this shrinks, the arguments do not.
        shared_batch = self._train_batch_size * self.args.world_size
        is_filled = self.args.world_size > 1 and not self.args.dataloader_drop_last
        self.window_sampler = WindowSampler(
            dataset.split.windows.lengths,
            batch_size=shared_batch * self.args.gradient_accumulation_steps,
            seed=self.args.seed if self.args.data_seed is None else self.args.data_seed,
            is_grouped=strategy == "group_by_length" or not isinstance(self.data_collator, PackingCollator),
            blanks=-len(dataset) % shared_batch if is_filled else 0,
        )
        return self.window_sampler

    def _get_num_items_in_batch(self, batch_samples: list[dict], device: torch.device) -> torch.Tensor | int | None:
        """What the loss of a step is divided by, on all processes: its labelled positions or their class weights."""
        if self.class_weights is None:
            return super()._get_num_items_in_batch(batch_samples, device)
        weight = sum(self.compute_loss_func.weigh(batch["labels"]) for batch in batch_samples).to(device)
        return self.accelerator.gather(weight).sum() if self.args.average_tokens_across_devices else weight

    def _finalize_training(self, *args, **kwargs) -> TrainOutput:
        """Average the loss since the last log line over the processes; the library takes that of the first one."""
        self._tr_loss = self.accelerator.reduce(self._tr_loss, reduction="mean")
        with keep_all_checkpoints(self.args):
            output = super()._finalize_training(*args, **kwargs)
        if self.state.best_model_checkpoint:
            # The last one is no longer needed to go on from, where room is for the best only.
            self._remove_older_checkpoints(set())
        return output

    def create_optimizer(self, model: PreTrainedModel | None = None) -> torch.optim.Optimizer:
        """The optimizer of the recipe; without one that of the TrainingArguments."""
        if self.optimizer is not None:
            return self.optimizer
        if self.recipe.optimizer is None:
            super().create_optimizer(model)
        else:
            self.optimizer = self.recipe.optimizer(self._group_parameters(model or self.model))
        if self.args.head_learning_rate is not None:
            set_head_learning_rate(self.optimizer, self.model, self.args.head_learning_rate)
        keep_state_whole(self.optimizer, self.model.get_input_embeddings())
        return self.optimizer

    def _group_parameters(self, model: PreTrainedModel) -> list[dict]:
        """All parameters to train in one group, or those with weight decay in one and those without in another."""
        trained = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
        if self.recipe.decays_all_weights:
            return [{"params": list(trained.values())}]
        decayed = set(self.get_decay_parameter_names(model))
        return [
            {"params": [trained[name] for name in trained if name in decayed], "weight_decay": self.args.weight_decay},
            {"params": [trained[name] for name in trained if name not in decayed], "weight_decay": 0.0},
        ]

    def create_scheduler(
        self, num_training_steps: int, optimizer: torch.optim.Optimizer | None = None
    ) -> torch.optim.lr_scheduler.LRScheduler:
        """The schedule of the recipe; without one that of the TrainingArguments."""
        if self.recipe.schedule is None:
            return super().create_scheduler(num_training_steps, optimizer)
        if self.lr_scheduler is None:
            self.lr_scheduler = self.recipe.schedule(optimizer or self.optimizer, num_training_steps)
            self._created_lr_scheduler = True
        return self.lr_scheduler

    def _predict_words(self, split: AlignedSplit) -> WordPredictions:
        """Run the prediction loop; the processes of a distributed run share the batches and each gets the whole.

        In float32 unless `--bf16_full_eval` or `--fp16_full_eval` is given: then no tag depends on what else is in a
        batch.
        """
        was_training = self.model.training
        self.model.eval()
        loop = PredictionLoop(
            run_model=self._run_sharded if self.is_fsdp_enabled else self._run_whole,
            collator=self.collator,
            token_budget=self.token_budget,
            decoder=self.decoder,
            class_weights=self.class_weights,
            precision=self._choose_evaluation_precision,
            device=self.args.device,
            show_progress=not self.args.disable_tqdm and self.is_world_process_zero(),
        )
        # Sharded weights are gathered in each forward, by all processes at once: each runs all batches.
        is_shared = self.args.world_size > 1 and not self.is_fsdp_enabled
        share = (self.args.process_index, self.args.world_size) if is_shared else (0, 1)
        with explain_memory_errors(advise_on_evaluation_memory(self.args)):
            predictions = loop.predict(split.windows, split.ledger.words, share)
        self.model.train(was_training)
        return merge_shares(gather_object([predictions])) if is_shared else predictions

    def _run_whole(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """Logits of a model that is whole in each process, without the autocast that accelerate puts around it."""
        return getattr(self.model, "_original_forward", self.model.forward)(**inputs).logits

    def _run_sharded(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """Logits of a model whose weights are spread over the processes (FSDP); inference mode can't gather them."""
        with torch.inference_mode(False), torch.no_grad():
            return self.model_wrapped(**inputs).logits

    def _choose_evaluation_precision(self) -> AbstractContextManager:
        """The context that evaluation runs in."""
        if self.args.bf16_full_eval or self.args.fp16_full_eval:
            return torch.autocast(self.args.device.type, torch.bfloat16 if self.args.bf16_full_eval else torch.float16)
        return nullcontext()

    def create_model_card(self, *args, **kwargs) -> None:
        """The card is written by `reporting.model_card`, with per-type scores; the Trainer's would overwrite it."""
