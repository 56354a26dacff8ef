"""`run.json`: what it takes to do a run again and to know whether it was the same."""

import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from token_classification.arguments import DataArguments, ModelArguments, NerTrainingArguments
from token_classification.data.labels import LabelSet
from token_classification.data.load import Corpus, describe_files

LIBRARIES = ("torch", "transformers", "datasets", "tokenizers", "accelerate", "evaluate", "seqeval", "numpy")
SECRET_ARGUMENTS = ("token", "hub_token")


def write_run_record(
    folder: Path,
    arguments: tuple[ModelArguments, DataArguments, NerTrainingArguments],
    corpus: Corpus,
    label_set: LabelSet,
    window_length: int,
) -> None:
    """Write arguments, versions, seed, data checksums and the command line; tokens and keys are left out."""
    model, data, training = arguments
    record = {
        "command_line": read_command_line(),
        "seed": training.seed,
        "model_arguments": {name: value for name, value in vars(model).items() if name not in SECRET_ARGUMENTS},
        "data_arguments": vars(data),
        "training_arguments": {
            name: value for name, value in training.to_dict().items() if name not in SECRET_ARGUMENTS
        },
        "labels": list(label_set.names),
        "tag_scheme": str(label_set.scheme),
        "window_length": window_length,
        "data": describe_files(corpus),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES},
        "machine": {"system": platform.platform(), "processor": platform.machine(), "device": str(training.device)},
    }
    text = json.dumps(record, indent=2, ensure_ascii=False, default=str)
    (folder / "run.json").write_text(text + "\n", encoding="utf-8")


def read_command_line() -> list[str]:
    """The command line of this process, without tokens."""
    return _hide_secrets(sys.argv)


def _hide_secrets(argv: list[str]) -> list[str]:
    """The command line with the values of `--token` and its like replaced by `***`."""
    secret_flags = {f"--{name}" for name in (*SECRET_ARGUMENTS, "use_auth_token", "push_to_hub_token")}
    hidden = []
    for position, argument in enumerate(argv):
        before = argv[position - 1].replace("-", "_").replace("__", "--", 1) if position else ""
        flag = argument.partition("=")[0].replace("-", "_").replace("__", "--", 1)
        if before in secret_flags and not argument.startswith("--"):
            hidden.append("***")
        elif flag in secret_flags and "=" in argument:
            hidden.append(f"{flag}=***")
        else:
            hidden.append(argument)
    return hidden
