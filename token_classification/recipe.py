"""What the TAO dialect does otherwise than the Hugging Face dialect; the defaults here are the latter's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from transformers import TrainerCallback


@dataclass(frozen=True)
class HeadOptions:
    """A classification head of one layer or more."""

    layers: int = 2
    """Fully connected layers, the last one included"""
    dropout: float = 0.5
    """Dropout on the encoder's output, once"""
    activation: str = "relu"
    """What stands between the layers, one of `ACTIVATIONS` in `modeling/deep_head.py`"""
    transformer_init: bool = True
    """Weights from N(0, 0.02) and biases 0, instead of torch's own initialisation"""


@dataclass(frozen=True)
class OptimizerOptions:
    """An optimizer and a schedule under NeMo's names."""

    name: str = "adam"
    options: dict = field(default_factory=dict)
    """`betas`, `eps`, `momentum` ... as far as the optimizer has them"""
    schedule: str | None = "WarmupAnnealing"
    schedule_options: dict = field(default_factory=dict)
    """`warmup_ratio`, `warmup_steps`, `min_lr`, `power` ... as far as the schedule has them"""


@dataclass(frozen=True)
class Recipe:
    """How a run learns, beyond what the command line of `run_ner.py` can say."""

    head: HeadOptions | None = None
    """None: the head that the model library gives, one linear layer"""
    encoder_checkpoint: str | None = None
    """Weights loaded over the encoder (`lm_checkpoint`)"""
    from_scratch: bool = False
    """Start from the model's config with random weights"""
    continuation_labels: Literal["ignored", "inside", "same"] | None = None
    """Labels of a word's further sub-tokens: none, I- for B-, or the same; None: as `--label_all_tokens` says"""
    special_token_label: str | None = None
    """Label that special tokens are trained on; None: they are not"""
    balances_classes: bool = False
    """Cross entropy weighted against the frequency of the labels"""
    optimizer: OptimizerOptions | None = None
    """None: as the TrainingArguments say"""
    model_folder: Path | None = None
    """Where the trained model is written; None: into `output_dir`"""
    callbacks: Sequence[TrainerCallback] = ()
    """Are told of the training's steps"""
    on_results: Callable | None = None
    """Is called with each evaluated `AlignedSplit` and the `SplitResults` that the model made of it"""


DEFAULT_RECIPE = Recipe()
"""That of the Hugging Face dialect"""
