"""The Trainer, with this project's own evaluation: the prediction loop and the scores that all commands share."""

import time

from accelerate.utils import gather_object
from transformers import EarlyStoppingCallback, PreTrainedModel, PreTrainedTokenizerBase, Trainer
from transformers.trainer_utils import speed_metrics

from token_classification.alignment.align import AlignedSplit
from token_classification.alignment.batches import WindowCollator
from token_classification.arguments import NerTrainingArguments
from token_classification.data.labels import LabelSet
from token_classification.scoring.decode import Viterbi
from token_classification.scoring.evaluate import SplitResults, evaluate_split
from token_classification.scoring.predict import PredictionLoop, WordPredictions, merge_shares


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
        window_length: int,
        train_split: AlignedSplit | None,
        eval_split: AlignedSplit | None,
        decoder: Viterbi | None,
        with_type_metrics: bool,
    ):
        self.label_set = label_set
        self.decoder = decoder
        self.with_type_metrics = with_type_metrics
        # Prediction batches hold as many positions as per_device_eval_batch_size windows of full length.
        self.token_budget = args.per_device_eval_batch_size * window_length
        callbacks = []
        if args.early_stopping_patience is not None:
            callbacks.append(EarlyStoppingCallback(args.early_stopping_patience))
        super().__init__(
            model=model,
            args=args,
            data_collator=collator,
            train_dataset=train_split,
            eval_dataset=eval_split,
            processing_class=tokenizer,
            callbacks=callbacks,
        )

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
        metrics |= speed_metrics(metric_key_prefix, start, num_samples=len(results.tags))
        return results, metrics

    def _predict_words(self, split: AlignedSplit) -> WordPredictions:
        """Run the prediction loop; the processes of a distributed run share the batches and each gets the whole."""
        model = self.accelerator.unwrap_model(self.model, keep_fp32_wrapper=False)
        was_training = model.training
        model.eval()
        loop = PredictionLoop(
            run_model=lambda inputs: model(**inputs).logits,
            collator=self.data_collator,
            token_budget=self.token_budget,
            decoder=self.decoder,
            precision=self.accelerator.autocast,
            device=self.args.device,
            show_progress=not self.args.disable_tqdm and self.is_world_process_zero(),
        )
        share = (self.args.process_index, self.args.world_size)
        predictions = loop.predict(split.windows, split.ledger.words, share)
        model.train(was_training)
        if self.args.world_size == 1:
            return predictions
        return merge_shares(gather_object([predictions]))

    def create_model_card(self, *args, **kwargs) -> None:
        """The card is written by `reporting.model_card`, with per-type scores; the Trainer's would overwrite it."""
