"""How a run learns, whichever dialect asked for it; the defaults are those of the Hugging Face dialect."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from transformers import TrainerCallback

OptimizerFactory = Callable[[list[dict[str, Any]]], Optimizer]
"""Parameter groups, each with its weight decay -> an optimizer"""
ScheduleFactory = Callable[[Optimizer, int], LRScheduler]
"""An optimizer, whose rate is the full one, and the steps of the whole training -> a schedule of its rate"""


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
class EarlyStopping:
    """When a training ends before its last epoch."""

    metric: str
    """A result of each evaluation, e.g. `eval_f1`"""
    patience: int
    """Evaluations in a row without a better one after which it ends"""
    min_delta: float = 0.0
    """How much better counts as better: more than this"""
    greater_is_better: bool = True


@dataclass(frozen=True)
class Recipe:
    """How a run learns, beyond its numbers (rates, epochs, batches), which the arguments hold.

    Factories that are dataclasses are recorded with their fields.
    """

    head: HeadOptions | None = None
    """None: the head that the model library gives, one linear layer"""
    encoder_checkpoint: str | None = None
    """Weights loaded over the encoder"""
    from_scratch: bool = False
    """Start from the model's config with random weights"""
    continuation_labels: Literal["ignored", "inside", "same"] | None = None
    """Labels of a word's further sub-tokens: none, I- for B-, or the same; None: as `--label_all_tokens` says"""
    special_token_label: str | None = None
    """Label that special tokens are trained on; None: they are not"""
    balances_classes: bool = False
    """Cross entropy weighted against the frequency of the labels"""
    optimizer: OptimizerFactory | None = None
    """None: as the TrainingArguments say"""
    schedule: ScheduleFactory | None = None
    """None: as the TrainingArguments say"""
    decays_all_weights: bool = False
    """Weight decay on biases and norms, too"""
    early_stopping: EarlyStopping | None = None
    """None: to the last epoch"""
    settings: Mapping[str, object] = field(default_factory=dict)
    """What decides what is learnt and stands in no argument, under the names that the user typed"""
    replaced_arguments: tuple[str, ...] = ()
    """Arguments that decide nothing beside this recipe"""
    model_folder: Path | None = None
    """Where the trained model is written; None: into `output_dir`"""
    callbacks: Sequence[TrainerCallback] = ()
    """Are told of the training's steps"""
    on_results: Callable[[Any, Any], None] | None = None
    """Is called with each evaluated `AlignedSplit` and the `SplitResults` that the model made of it"""


DEFAULT_RECIPE = Recipe()
"""That of the Hugging Face dialect"""
