"""An encoder with a head of several layers, as one class for every encoder.

This file is copied into the folder of a saved model, so that
`AutoModelForTokenClassification.from_pretrained(folder, trust_remote_code=True)` finds it: it imports nothing of this
project.
"""

from typing import Any

import torch
from torch import nn
from transformers import (
    MODEL_FOR_TEXT_ENCODING_MAPPING,
    AutoConfig,
    AutoModel,
    AutoModelForTextEncoding,
    PreTrainedConfig,
    PreTrainedModel,
)
from transformers.modeling_outputs import TokenClassifierOutput

ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}
"""What may stand between the layers. A config comes from anywhere: it picks from these, it names no function."""


class DeepHeadConfig(PreTrainedConfig):
    """The head's settings, and the config of the encoder as it is.

    It has a `model_type` of its own. With that of the encoder the library would take its own class for the model, and
    start it from random weights, because it looks for others than there are.
    """

    model_type = "deep_head"
    sub_configs = {"text_config": AutoConfig}  # noqa: RUF012 - as the library declares it

    def __init__(
        self,
        text_config: PreTrainedConfig | dict[str, Any] | None = None,
        head_layers: int = 2,
        head_dropout: float = 0.5,
        head_activation: str = "relu",
        head_transformer_init: bool = True,
        **settings: Any,  # noqa: ANN401 - whatever the library's configs take
    ) -> None:
        """Take the settings.

        Args:
            text_config: The encoder's config, also as it is written in `config.json`.
            head_layers: Linear layers, the last one included.
            head_dropout: Dropout on the encoder's output, once.
            head_activation: One of `ACTIVATIONS`.
            head_transformer_init: New layers start with weights from N(0, 0.02) and biases 0, instead of torch's own.
            settings: What every config has: `id2label` ...

        Raises:
            ValueError: another activation, or no config of an encoder.
        """
        if head_activation not in ACTIVATIONS:
            raise ValueError(f"head_activation {head_activation!r}: accepted are {', '.join(ACTIVATIONS)}.")
        if isinstance(text_config, dict):
            text_config = AutoConfig.for_model(**text_config)
        if not isinstance(text_config, PreTrainedConfig):
            raise ValueError("text_config: the config of the encoder is missing.")
        self.text_config = text_config
        self.head_layers = head_layers
        self.head_dropout = head_dropout
        self.head_activation = head_activation
        self.head_transformer_init = head_transformer_init
        super().__init__(**settings)


def choose_encoder_kind(config: PreTrainedConfig) -> Any:  # noqa: ANN401 - the library's auto classes share no base
    """Return what builds or loads the encoder of a config: without its decoder where the library has it so (T5)."""
    known: Any = MODEL_FOR_TEXT_ENCODING_MAPPING.get(type(config), None)  # some kinds of config have several classes
    is_part = isinstance(known, type) and known.__name__.endswith("EncoderModel")
    return AutoModelForTextEncoding if is_part else AutoModel


def build_encoder(config: PreTrainedConfig) -> PreTrainedModel:
    """Build the encoder of a config, with random weights."""
    given = config.architectures
    # Where the library has two classes for a config (Funnel), it looks for the one of this list, which may be absent.
    config.architectures = given or []
    try:
        return choose_encoder_kind(config).from_config(config)
    finally:
        config.architectures = given


def find_hidden_size(config: PreTrainedConfig) -> int:
    """Return how many values an encoder gives for each sub-token; of several modalities, its text part."""
    return getattr(config, "hidden_size", None) or config.get_text_config().hidden_size


class DeepHeadForTokenClassification(PreTrainedModel):
    """Dropout on the encoder's output, then linear layers with an activation between them."""

    config_class = DeepHeadConfig
    base_model_prefix = "encoder"
    # The head has no attention. Which kinds the encoder has is its own matter: it checks what it is asked for.
    _supports_sdpa = _supports_flash_attn = _supports_flex_attn = _supports_attention_backend = True

    def __init__(self, config: DeepHeadConfig) -> None:
        super().__init__(config)
        self.num_labels = config.num_labels
        self.encoder = build_encoder(config.text_config)
        size = find_hidden_size(config.text_config)
        self.dropout = nn.Dropout(config.head_dropout)
        self.hidden = nn.ModuleList(nn.Linear(size, size) for _ in range(config.head_layers - 1))
        self.classifier = nn.Linear(size, len(config.id2label or ()))
        self.post_init()  # type: ignore[no-untyped-call]  # the library's, without types

    def _init_weights(self, module: nn.Module) -> None:
        """Start a layer of the head that is not loaded; only those come here."""
        if not isinstance(module, nn.Linear):
            return
        if self.config.head_transformer_init:
            nn.init.normal_(module.weight, mean=0.0, std=0.02)
            nn.init.zeros_(module.bias)
        else:
            module.reset_parameters()

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        token_type_ids: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        **kwargs: Any,  # noqa: ANN401 - whatever the encoder takes
    ) -> TokenClassifierOutput:
        """Return logits, float32 (batch, length, labels), for token ids, int64 (batch, length); with labels a loss."""
        if token_type_ids is not None:
            kwargs["token_type_ids"] = token_type_ids
        hidden = self.dropout(self.encoder(input_ids, attention_mask=attention_mask, **kwargs)[0])
        activation = ACTIVATIONS[self.config.head_activation]
        for layer in self.hidden:
            hidden = activation(layer(hidden))
        logits = self.classifier(hidden)
        loss = None
        if labels is not None:
            loss = nn.functional.cross_entropy(logits.view(-1, self.num_labels), labels.view(-1))
        return TokenClassifierOutput(loss=loss, logits=logits)


DeepHeadConfig.register_for_auto_class()  # type: ignore[no-untyped-call]  # the library's, without types
DeepHeadForTokenClassification.register_for_auto_class(  # type: ignore[no-untyped-call]
    "AutoModelForTokenClassification"
)
