"""The three dataclasses that hold every setting of a run; both dialects fill them.

Names, meanings and defaults are those of the upstream token-classification script and of `TrainingArguments`;
what this project adds stands last in each class.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from accelerate.utils import is_deepspeed_available, parse_flag_from_env, patch_environment
from transformers import TrainingArguments
from transformers.trainer_utils import IntervalStrategy, SaveStrategy

from token_classification.argument_values import find_unknown_trackers, find_wrong_values
from token_classification.errors import UserError
from token_classification.hardware import has_accelerator, multiplies_bf16

LAUNCHED_PRECISION = "ACCELERATE_MIXED_PRECISION"
"""Environment variable in which `accelerate launch` hands on its `--mixed_precision`"""


@dataclass
class ModelArguments:
    """Which model and tokenizer to start from."""

    model_name_or_path: str = field(metadata={"help": "Folder of a model, or its name on the Hub."})
    config_name: str | None = field(
        default=None, metadata={"help": "Folder or name of the config, if not that of the model."}
    )
    tokenizer_name: str | None = field(
        default=None, metadata={"help": "Folder or name of the tokenizer, if not that of the model."}
    )
    cache_dir: str | None = field(default=None, metadata={"help": "Where to keep what is downloaded from the Hub."})
    model_revision: str = field(
        default="main", metadata={"help": "Version of the model on the Hub: branch, tag or commit."}
    )
    token: str | None = field(
        default=None,
        metadata={"help": "Token for private models and data sets; without it the one of `hf auth login` is used."},
    )
    trust_remote_code: bool = field(
        default=False,
        metadata={
            "help": "Run code that comes with a model on the Hub. Only for repositories whose code you have read."
        },
    )
    ignore_mismatched_sizes: bool = field(
        default=False,
        metadata={
            "help": "Also load weights whose shapes differ (they start fresh). Not needed for another label set: "
            "head rows are always copied by label name."
        },
    )


@dataclass
class DataArguments:
    """Which data to train on, evaluate and tag, and how words become model input."""

    task_name: str = field(
        default="ner", metadata={"help": "The task: ner, pos, chunk ...; the tag column is `{task_name}_tags`."}
    )
    dataset_name: str | None = field(
        default=None, metadata={"help": "Name of a data set on the Hub, or a local data set folder."}
    )
    dataset_config_name: str | None = field(
        default=None, metadata={"help": "Configuration of the data set (for sets that have several)."}
    )
    train_file: str | None = field(
        default=None, metadata={"help": "Training data: CoNLL, CoNLL-U, JSON, JSON lines, CSV or Parquet."}
    )
    validation_file: str | None = field(default=None, metadata={"help": "Data to evaluate on (--do_eval)."})
    test_file: str | None = field(default=None, metadata={"help": "Data to tag (--do_predict); it may have no tags."})
    text_column_name: str | None = field(
        default=None, metadata={"help": "Column of the words; a number (0-based or negative) for CoNLL files."}
    )
    label_column_name: str | None = field(
        default=None, metadata={"help": "Column of the tags; a number (0-based or negative) for CoNLL files."}
    )
    overwrite_cache: bool = field(
        default=False,
        metadata={"help": "Kept for old scripts: alignment is done afresh in each run, nothing is cached."},
    )
    preprocessing_num_workers: int | None = field(
        default=None,
        metadata={"help": "Kept for old scripts: the tokenizer uses all cores by itself."},
    )
    max_seq_length: int | None = field(
        default=None,
        metadata={
            "help": "Longest model input in sub-tokens, special tokens included. Longer sentences become overlapping "
            "windows. Default: what the model can take."
        },
    )
    pad_to_max_length: bool = field(
        default=False,
        metadata={"help": "Pad every batch to max_seq_length instead of its longest window."},
    )
    max_train_samples: int | None = field(default=None, metadata={"help": "Use only the first N training sentences."})
    max_eval_samples: int | None = field(default=None, metadata={"help": "Use only the first N validation sentences."})
    max_predict_samples: int | None = field(default=None, metadata={"help": "Use only the first N test sentences."})
    label_all_tokens: bool = field(
        default=False,
        metadata={"help": "Train on all sub-tokens of a word, not only the first. Scores are per word either way."},
    )
    return_entity_level_metrics: bool = field(
        default=False, metadata={"help": "Add precision, recall, f1 and number of each entity type to the results."}
    )
    labels: str | None = field(
        default=None, metadata={"help": "File with the label names, one per line (labels.txt); their order is kept."}
    )
    data_dir: str | None = field(
        default=None, metadata={"help": "Folder with train.txt, dev.txt and test.txt (those that there are)."}
    )
    task_type: Literal["NER", "Chunk", "POS"] | None = field(
        default=None,
        metadata={
            "help": "The old script's name for the task: NER (tag in the last column), Chunk (in the last but one) or "
            "POS (CoNLL-U)."
        },
    )
    legacy_predictions: bool = field(
        default=False,
        metadata={
            "help": "Also write test_predictions.txt as the old script did: `word tag` a line, or POS sentences."
        },
    )
    validation_split: float | None = field(
        default=None,
        metadata={"help": "Without validation data: hold out this share of the training sentences, e.g. 0.1."},
    )
    doc_stride: int | None = field(
        default=None,
        metadata={
            "help": "Sub-tokens that neighbouring windows of a long sentence share. Default: a quarter of the window."
        },
    )
    long_sentences: Literal["window", "truncate", "error"] = field(
        default="window",
        metadata={
            "help": "Sentences over max_seq_length: `window` keeps every word, `truncate` cuts as the upstream script "
            "does (the lost gold counts as missed), `error` names them."
        },
    )

    check_only: bool = field(
        default=False,
        metadata={
            "help": "Say what is wrong with the data, with file and line, and end. Exit code 0: nothing, 1: warnings, "
            "2: errors."
        },
    )
    decoder: Literal["argmax", "viterbi"] = field(
        default="argmax",
        metadata={
            "help": "How tags are read off the model: each word's most probable one, or the most probable sequence "
            "that the tag scheme allows (viterbi)."
        },
    )

    def __post_init__(self):
        self.task_name = self.task_name.lower()
        problems = []
        if self.task_type:
            self.task_name = self.task_type.lower()
        if self.task_type == "Chunk" and self.label_column_name is None:
            self.label_column_name = "-2"
        if self.data_dir:
            problems += self._find_files()
        if not (self.dataset_name or self.train_file or self.validation_file or self.test_file):
            problems.append(
                "No data: give --dataset_name NAME, or --train_file, --validation_file and --test_file "
                "(those that the run needs), or --data_dir FOLDER."
            )
        if self.dataset_name and (self.train_file or self.validation_file or self.test_file):
            problems.append("Both --dataset_name and data files are given: please give only one of them.")
        if self.validation_split is not None and not 0 < self.validation_split < 1:
            problems.append(f"--validation_split must lie between 0 and 1, e.g. 0.1; got {self.validation_split}.")
        for name in ("max_seq_length", "max_train_samples", "max_eval_samples", "max_predict_samples"):
            value = getattr(self, name)
            if value is not None and value < 1:
                problems.append(f"--{name} must be 1 or more; got {value}.")
        if self.doc_stride is not None and self.doc_stride < 0:
            problems.append(f"--doc_stride must be 0 or more; got {self.doc_stride}.")
        if problems:
            raise UserError("\n".join(problems))

    def _find_files(self) -> list[str]:
        """Take the files of an old-style data folder where none are named; says what is wrong with the folder."""
        folder = Path(self.data_dir)
        found = [name for name in ("train", "dev", "test") if (folder / f"{name}.txt").is_file()]
        if not found:
            return [
                f"--data_dir {folder}: accepted is a folder with train.txt, dev.txt and test.txt, or some of them."
            ]
        for name, argument in (("train", "train_file"), ("dev", "validation_file"), ("test", "test_file")):
            if name in found and getattr(self, argument) is None:
                setattr(self, argument, str(folder / f"{name}.txt"))
        return []


@dataclass
class NerTrainingArguments(TrainingArguments):
    """All `TrainingArguments`, and what this project adds to them: it trains as fast as the machine can."""

    train_sampling_strategy: str = field(
        default="auto",
        metadata={
            "help": "How training windows are put into batches: random, sequential, group_by_length (like lengths "
            "together, little padding) or auto: random where sentences share rows (--pack_windows), else "
            "group_by_length."
        },
    )
    pack_windows: bool = field(
        default=True,
        metadata={
            "help": "Lay the sentences of a training batch behind each other in few rows, each visible to itself "
            "alone, instead of padding them. The same batches, nothing else learnt; where a model can't, it is said."
        },
    )
    mixed_precision: Literal["auto", "no", "bf16", "fp16"] = field(
        default="auto",
        metadata={
            "help": "Precision of matrix products; weights are always float32. auto: bf16 where the hardware "
            "multiplies it natively, else no; under `accelerate launch --mixed_precision` what that says. A name "
            "given here wins over it. --bf16 and --fp16 do the same as their names here."
        },
    )
    logging_nan_inf_filter: bool = field(
        default=False,
        metadata={"help": "Log the mean of earlier losses for one that is no number. Here such a loss ends the run."},
    )
    keep_freed_memory: bool = field(
        default=True,
        metadata={"help": "On the CPU: keep freed memory for the next step instead of giving it back to the system."},
    )
    tune_for_cpu: bool = field(
        default=True,
        metadata={
            "help": "On the CPU: cheaper random numbers for dropout, attention in the precision of the run, only rows "
            "of the embedding table in the optimizer that the training data names (the others get no gradient; with "
            "--weight_decay 0), and fewer compiled matrix products in memory."
        },
    )
    report: bool = field(
        default=True,
        metadata={
            "help": "Leave a report on each scored split in report/: scores with intervals, errors, slices, and a "
            "page of the sentences."
        },
    )
    head_learning_rate: float | None = field(
        default=None,
        metadata={
            "help": "Learning rate of the classification head, which starts from random weights; 10 to 20 times "
            "--learning_rate learns it in time. Default: --learning_rate."
        },
    )
    resume_from_checkpoint: str | None = field(
        default=None,
        metadata={
            "aliases": ["--resume"],
            "help": "Go on from this checkpoint; `true`: from the last good one in output_dir; `auto`: likewise, or "
            "from the start where there is none.",
        },
    )
    overwrite_output_dir: bool = field(
        default=False,
        metadata={"help": "Train from scratch into an output_dir that already holds something."},
    )
    early_stopping_patience: int | None = field(
        default=None,
        metadata={
            "help": "Stop after N evaluations without a better metric_for_best_model (default f1) and keep the best "
            "model. Switches evaluation and saving to every epoch unless told otherwise."
        },
    )
    do_export: bool = field(
        default=False,
        metadata={
            "help": "Export the model to output_dir/export, if its F1 on the validation data stays (exit code 3 "
            'otherwise). Needs pip install "token-classification[export]".'
        },
    )
    export_format: Literal["openvino", "onnx"] = field(
        default="openvino", metadata={"help": "What --do_export writes: an OpenVINO or an ONNX model."}
    )
    quantize: Literal["none", "bf16", "int8"] = field(
        default="none",
        metadata={
            "help": "Precision of the exported model: float32 (none), bf16 (OpenVINO only) or int8, calibrated with "
            "sentences of the training data."
        },
    )
    max_f1_drop: float = field(
        default=0.005, metadata={"help": "How much F1 the exported model may lose: 0.005 is half a point."}
    )

    def __post_init__(self):
        self._fit_hardware()
        self._check_engines()
        if problems := find_wrong_values(self):
            raise UserError("\n".join(problems))
        if self.early_stopping_patience is not None:
            self._prepare_early_stopping()
        if self.load_best_model_at_end and self.metric_for_best_model is None:
            self.metric_for_best_model = "f1"
        try:
            # TrainingArguments has an attribute of the name `mixed_precision`, too, and reads it from there.
            with patch_environment(**{LAUNCHED_PRECISION: self.mixed_precision}):
                super().__post_init__()
        except ValueError as error:
            # What the library finds in values that are only wrong together.
            raise UserError(str(error)) from error
        if problems := find_unknown_trackers(self.report_to):
            raise UserError("\n".join(problems))

    def __getstate__(self) -> dict:
        """What is pickled (`training_args.bin`, which a push uploads) and copied: without the token."""
        return vars(self) | {"hub_token": None}

    def _fit_hardware(self) -> None:
        """Use the CPU where there is nothing else, and choose the precision."""
        if not has_accelerator():
            self.use_cpu = True
            self.dataloader_pin_memory = False
        if self.mixed_precision != "auto":
            if (self.bf16 and self.mixed_precision != "bf16") or (self.fp16 and self.mixed_precision != "fp16"):
                given = "--bf16" if self.bf16 else "--fp16"
                raise UserError(f"--mixed_precision {self.mixed_precision} and {given}: give only one of them.")
        elif self.bf16 or self.fp16:
            self.mixed_precision = "bf16" if self.bf16 else "fp16"
        else:
            self.mixed_precision = self._choose_precision()
        self.bf16 = self.mixed_precision == "bf16"
        self.fp16 = self.mixed_precision == "fp16"
        if self.fp16 and self.use_cpu:
            raise UserError("--fp16 needs a GPU; on a CPU: --mixed_precision auto.")

    def _choose_precision(self) -> str:
        """What `accelerate launch --mixed_precision` was told; it says `no` where it was told nothing."""
        launched = os.environ.get(LAUNCHED_PRECISION, "no")
        if launched == "no":
            return "bf16" if multiplies_bf16() else "no"
        if launched not in ("bf16", "fp16"):
            raise UserError(f"accelerate launch --mixed_precision {launched}: accepted are no, bf16 and fp16.")
        return launched

    def _check_engines(self) -> None:
        """Refuse what shards a model where it can't run; without this it is left out in silence, or fails deep inside.

        `accelerate launch` says in the environment which engine its config file asks for.
        """
        if self.use_cpu and (self.fsdp or parse_flag_from_env("ACCELERATE_USE_FSDP")):
            raise UserError(
                "FSDP needs GPUs: accelerate does not shard on the CPU. CPU processes with a whole model each: "
                "accelerate launch --config_file examples/accelerate/two_cpus.yaml run_ner.py ..."
            )
        if self.deepspeed and not is_deepspeed_available():
            raise UserError("--deepspeed needs the package deepspeed: pip install deepspeed, or leave the flag out.")

    def _prepare_early_stopping(self) -> None:
        """Early stopping needs evaluations, and the best model to come back to."""
        if IntervalStrategy(self.eval_strategy) == IntervalStrategy.NO:
            self.eval_strategy = IntervalStrategy.EPOCH
        if SaveStrategy(self.save_strategy) != SaveStrategy.BEST:
            self.save_strategy = SaveStrategy(IntervalStrategy(self.eval_strategy).value)
            if self.save_strategy == SaveStrategy.STEPS:
                # TrainingArguments evaluates every logging_steps where eval_steps isn't given.
                self.save_steps = self.eval_steps or self.logging_steps
        self.load_best_model_at_end = True
