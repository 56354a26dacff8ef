"""The flags that decide a run, which `--help` shows.

Flags of a training are copied here, because their dataclass needs transformers, for which no help should wait. A test
compares the copies with the dataclass.
"""

from typing import NamedTuple


class Flag(NamedTuple):
    """A flag as the help shows it."""

    metavar: str
    """Placeholder for its value; empty for a switch"""
    help: str
    default: object = None


TRAINING_FLAGS = {
    "do_train": Flag("", "Train on the training data.", False),
    "do_eval": Flag("", "Score the model on the validation data.", False),
    "do_predict": Flag("", "Tag the test data, and score the tags if the data has gold tags.", False),
    "num_train_epochs": Flag("X", "How many times to go through the training data.", 3.0),
    "per_device_train_batch_size": Flag("N", "Sentences per training step, on each device.", 8),
    "gradient_accumulation_steps": Flag("N", "Batches whose gradients are added up before each update.", 1),
    "learning_rate": Flag("X", "Highest learning rate.", 5e-5),
    "head_learning_rate": Flag(
        "X",
        "Learning rate of the classification head, which starts from random weights; 10 to 20 times --learning_rate "
        "is a good choice. Default: --learning_rate.",
    ),
    "layerwise_lr_decay": Flag(
        "X",
        "Each layer of the encoder learns at X times the rate of the layer above it, e.g. 0.9, with a higher "
        "--learning_rate for the topmost. Default: all layers at one rate.",
    ),
    "eval_strategy": Flag("{no,steps,epoch}", "When to evaluate during training.", "no"),
    "early_stopping_patience": Flag(
        "N",
        "Stop after N evaluations without a better score (--metric_for_best_model, F1 by default) and keep the best "
        "model. Evaluates and saves every epoch unless other flags say when.",
    ),
    "time_budget": Flag(
        "TIME",
        "End within this time (90s, 20m, 1h30m), scoring and saving included: the settings of docs/recipes.md, where "
        "no others are typed, and as many of --num_train_epochs as fit.",
    ),
    "mixed_precision": Flag(
        "{auto,no,bf16,fp16}",
        "Precision of matrix products; weights are always float32. auto: bf16 where the hardware multiplies it "
        "natively, otherwise no.",
        "auto",
    ),
    "seed": Flag("N", "Seed of all random numbers.", 42),
    "resume_from_checkpoint": Flag(
        "FOLDER",
        "Continue from this checkpoint. `true`: from the last good one in output_dir; `auto`: the same, or from the "
        "start if there is none. Short: --resume.",
    ),
    "output_dir": Flag("FOLDER", "Where the model, the scores and the report are written.", "trainer_output"),
    "overwrite_output_dir": Flag("", "Train from scratch even if output_dir already holds a run.", False),
}
"""Flags of a training that `--help` shows"""

SHOWN = {
    "steps": ("do_train", "do_eval", "do_predict", "do_export", "check_only"),
    "data": (
        *("train_file", "validation_file", "test_file", "dataset_name", "text_column_name", "label_column_name"),
        *("task_name", "validation_split"),
    ),
    "model": ("model_name_or_path", "trust_remote_code"),
    "training": (
        *("num_train_epochs", "per_device_train_batch_size", "gradient_accumulation_steps", "learning_rate"),
        *("head_learning_rate", "eval_strategy", "early_stopping_patience", "time_budget"),
        *("mixed_precision", "seed", "seeds"),
        "resume_from_checkpoint",
    ),
    "decoding": ("max_seq_length", "long_sentences", "decoder"),
    "output": ("output_dir", "overwrite_output_dir"),
}
"""The flags that decide a run, in groups"""
