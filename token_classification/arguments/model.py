"""Which model and tokenizer a run starts from."""

from dataclasses import dataclass, field


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
