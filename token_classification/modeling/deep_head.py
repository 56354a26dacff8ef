"""An encoder with a head of several layers, as one class for every encoder (behaviour.md 2.7).

This file is copied into the folder of a saved model, so that
`AutoModelForTokenClassification.from_pretrained(folder, trust_remote_code=True)` finds it: it imports nothing of this
project.
"""

import torch
from torch import nn
from transformers import AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import TokenClassifierOutput


class DeepHeadForTokenClassification(PreTrainedModel):
    """Dropout on the encoder's output, then linear layers with an activation between them.

    The config is the encoder's, with `head_layers`, `head_dropout`, `head_activation` and `head_transformer_init`.
    """

    config_class = PreTrainedConfig
    base_model_prefix = "encoder"

    def __init__(self, config: PreTrainedConfig):
        super().__init__(config)
        self.num_labels = config.num_labels
        self.encoder = AutoModel.from_config(config)
        self.dropout = nn.Dropout(config.head_dropout)
        hidden = [nn.Linear(config.hidden_size, config.hidden_size) for _ in range(config.head_layers - 1)]
        self.hidden = nn.ModuleList(hidden)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Only what is not loaded comes here: the layers of a new head, and an encoder that starts from scratch."""
        if isinstance(module, (nn.Linear, nn.Embedding)) and self.config.head_transformer_init:
            nn.init.normal_(module.weight, mean=0.0, std=0.02)
            if getattr(module, "bias", None) is not None:
                nn.init.zeros_(module.bias)

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        token_type_ids: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        **kwargs,
    ) -> TokenClassifierOutput:
        """Token ids, int64 (batch, length), to logits, float32 (batch, length, labels); with labels also the loss."""
        if token_type_ids is not None:
            kwargs["token_type_ids"] = token_type_ids
        hidden = self.dropout(self.encoder(input_ids, attention_mask=attention_mask, **kwargs)[0])
        activation = getattr(torch, self.config.head_activation)
        for layer in self.hidden:
            hidden = activation(layer(hidden))
        logits = self.classifier(hidden)
        loss = None
        if labels is not None:
            loss = nn.functional.cross_entropy(logits.view(-1, self.num_labels), labels.view(-1))
        return TokenClassifierOutput(loss=loss, logits=logits)


DeepHeadForTokenClassification.register_for_auto_class("AutoModelForTokenClassification")
