"""What a training learns besides the data: shape of the head, adapters, weight of labels, perturbed copies."""

from dataclasses import dataclass, field
from typing import Literal

from token_classification.arguments.perturbations import read_perturbations
from token_classification.arguments.values import check_values
from token_classification.errors import UserError
from token_classification.extras import require_package

OF_ADAPTERS = {"learning_rate": 1e-3}
"""Flag of a training with `--lora_rank` -> its value unless it is typed, too: adapters learn with higher rates"""


@dataclass
class LearningArguments:
    """What a training learns besides the data: shape of the head, adapters, weight of labels, perturbed copies."""

    class_weights: Literal["none", "balanced"] = field(
        default="none",
        metadata={
            "help": "How much a word counts in the loss: each the same (none), or the more, the rarer its label is "
            "(balanced: words / (labels x words with this label))."
        },
    )
    head_layers: int | None = field(
        default=None,
        metadata={
            "help": "Linear layers of a new classification head, the last one included. With 2 or more, other "
            "programs need trust_remote_code to load the model. Default: the library's own head."
        },
    )
    head_dropout: float | None = field(
        default=None, metadata={"help": "Dropout in front of a new head. Default: 0.1 where --head_layers is given."}
    )
    head_activation: Literal["relu", "tanh", "sigmoid"] | None = field(
        default=None, metadata={"help": "What stands between the layers of the head. Default: relu."}
    )
    lora_rank: int | None = field(
        default=None,
        metadata={
            "help": "Train an adapter (LoRA) of this rank beside each linear layer of the encoder, and the head; the "
            'encoder stays as it is. What is saved is an adapter of PEFT (pip install ".[lora]").'
        },
    )
    lora_alpha: float | None = field(
        default=None, metadata={"help": "Adapters count --lora_alpha / --lora_rank. Default: twice --lora_rank."}
    )
    augment: str | None = field(
        default=None,
        metadata={
            "metavar": "LIST",
            "help": "Learn also from perturbed copies of half of the training sentences, each by one of a list: case, "
            "typos, punctuation, spacing, names. The share of words with typing errors or other blanks: typos:0.1, "
            "spacing:0.1 (the defaults).",
        },
    )

    def __post_init__(self) -> None:
        check_values(self)
        if self.augment is not None:
            read_perturbations(self.augment)
        if self.lora_alpha is not None and self.lora_rank is None:
            raise UserError(
                f"--lora_alpha {self.lora_alpha:g}: it is the weight of adapters; give --lora_rank 8, too, or "
                "leave it out."
            )
        if self.lora_rank is not None:
            require_package("peft", f"--lora_rank {self.lora_rank}")
        if self.head_activation is not None and (self.head_layers or 1) < 2:
            raise UserError(
                f"--head_activation {self.head_activation}: it stands between the layers of a head, and this one has "
                "one layer; give --head_layers 2, or leave it out."
            )
