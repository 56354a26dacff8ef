"""`run.json`: what it takes to do a run again and to know whether it was the same."""

import platform
import sys
from collections.abc import Mapping
from importlib.metadata import version
from math import isfinite
from pathlib import Path

from token_classification.arguments import DataArguments, ModelArguments, NerTrainingArguments
from token_classification.data.labels import LabelSet
from token_classification.data.load import Corpus, describe_files
from token_classification.output_text import dump_json

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
        "model_arguments": _list_arguments(vars(model)),
        "data_arguments": _list_arguments(vars(data)),
        "training_arguments": _list_arguments(training.to_dict()),
        "labels": list(label_set.names),
        "tag_scheme": str(label_set.scheme),
        "window_length": window_length,
        "data": describe_files(corpus),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES},
        "machine": {"system": platform.platform(), "processor": platform.machine(), "device": str(training.device)},
    }
    (folder / "run.json").write_text(dump_json(record), encoding="utf-8")


def _list_arguments(arguments: Mapping[str, object]) -> dict[str, object]:
    """All but the secret ones; what JSON has no number for (`--max_grad_norm inf`) as text."""
    return {
        name: str(value) if isinstance(value, float) and not isfinite(value) else value
        for name, value in arguments.items()
        if name not in SECRET_ARGUMENTS
    }


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
