"""Heads for the levels of nested entities: one linear layer over any encoder, whose outputs are those of all levels.

No other program may take the most probable of all these outputs for the label of a word. So the model has a
`model_type` of its own, which the library does not know, and its code is not copied into the model's folder:
`from_pretrained` refuses it wherever this project is not imported.
"""

from typing import Any

from transformers import PreTrainedConfig

from token_classification.modeling.deep_head import DeepHeadConfig, DeepHeadForTokenClassification


class LevelHeadsConfig(DeepHeadConfig):
    """Settings as those of a deep head; `tag_levels` says which outputs are those of which level."""

    model_type = "level_heads"
    _auto_class = None

    def __init__(
        self,
        text_config: PreTrainedConfig | dict[str, Any] | None = None,
        **settings: Any,  # noqa: ANN401 - as the base has it
    ) -> None:
        # The library would give a class without a constructor one of its own.
        super().__init__(text_config, **settings)


class LevelHeadsForTokenClassification(DeepHeadForTokenClassification):
    """An encoder with a head whose outputs are the labels of all levels side by side."""

    config_class = LevelHeadsConfig  # type: ignore[assignment]  # narrower than its base's
    _auto_class = None
