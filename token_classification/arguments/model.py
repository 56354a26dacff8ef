"""Which model and tokenizer a run starts from."""

from dataclasses import dataclass, field


@dataclass
class ModelArguments:
    """Which model and tokenizer to start from."""

    model_name_or_path: str = field(
        metadata={"metavar": "MODEL", "help": "Model to start from: a folder, or a name on the Hub."}
    )
    config_name: str | None = field(
        default=None, metadata={"metavar": "NAME", "help": "Folder or name of the config, if it is not the model's."}
    )
    tokenizer_name: str | None = field(
        default=None,
        metadata={"metavar": "NAME", "help": "Folder or name of the tokenizer, if it is not the model's."},
    )
    cache_dir: str | None = field(
        default=None, metadata={"metavar": "FOLDER", "help": "Where downloads from the Hub are kept."}
    )
    model_revision: str = field(
        default="main",
        metadata={"metavar": "NAME", "help": "Version of the model on the Hub: a branch, tag or commit."},
    )
    token: str | None = field(
        default=None,
        metadata={
            "metavar": "TOKEN",
            "help": "Token for private models and data sets. Default: the token stored by `hf auth login`.",
        },
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
            "help": "Load a model even if the shapes of some weights differ; those weights start afresh. A new label "
            "set does not need it: rows of the head are always copied by label name."
        },
    )
