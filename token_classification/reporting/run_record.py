"""`run.json`: what it takes to repeat a run and to know whether it was the same."""

import json
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from importlib.metadata import version
from math import isfinite
from pathlib import Path

from token_classification.arguments.run import RunArguments
from token_classification.data.levels import Labels
from token_classification.data.load import Corpus, describe_files
from token_classification.data.whole_files import write_whole
from token_classification.errors import UserError
from token_classification.output_text import dump_json
from token_classification.recipe import DEFAULT_RECIPE, Recipe
from token_classification.reporting.outputs import RUN_RECORD

LIBRARIES = ("torch", "transformers", "datasets", "tokenizers", "accelerate", "evaluate", "seqeval", "numpy")
SECRETS = ("token", "hub_token", "use_auth_token", "push_to_hub_token", "key")
"""Arguments and flags whose values no file may show"""
HIDDEN = "***"


def write_run_record(
    path: Path,
    arguments: RunArguments,
    recipe: Recipe,
    corpus: Corpus,
    label_set: Labels,
    window_length: int,
) -> None:
    """Write arguments, recipe, versions, seed, data checksums and the command line, without tokens and keys.

    Arguments that the recipe replaces are left out, too: they decided nothing.
    """
    training = arguments.training
    data = {**vars(arguments.data), **vars(arguments.decoding), **vars(arguments.report)}
    training_settings = {
        **training.to_dict(),  # type: ignore[no-untyped-call]  # the library has no type for it
        **vars(arguments.learning),
        **vars(arguments.export),
        "report": data.pop("report"),
        "calibrate": data.pop("calibrate"),
    }
    if arguments.distillation.names:
        training_settings |= vars(arguments.distillation)
    unused = {*SECRETS, *recipe.replaced_arguments}
    record = {
        "command_line": hide_secrets(arguments.command_line),
        "seed": training.seed,
        "model_arguments": _list_arguments(vars(arguments.model), unused),
        "data_arguments": _list_arguments(data, unused),
        "training_arguments": _list_arguments(training_settings, unused),
        **({} if recipe == DEFAULT_RECIPE else {"recipe": _describe_recipe(recipe)}),
        "labels": list(label_set.names),
        "tag_scheme": str(label_set.scheme),
        "window_length": window_length,
        "data": describe_files(corpus),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES},
        "machine": {"system": platform.platform(), "processor": platform.machine(), "device": str(training.device)},
    }
    write_whole(path, dump_json(record))


@dataclass(frozen=True)
class TrainingFile:
    """What a model learnt from, as its record says."""

    source: str
    sha256: str | None
    """None: it was no single file"""


def read_training_file(folder: Path) -> TrainingFile | None:
    """Return what the model in a folder was trained on; None: the folder has no record of a training.

    Raises:
        UserError: the record can't be read.
    """
    path = folder / RUN_RECORD
    if not path.is_file():
        return None
    try:
        about = json.loads(path.read_text(encoding="utf-8"))["data"].get("train")
        return None if about is None else TrainingFile(str(about["source"]), about.get("sha256"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path}: can't be read ({type(error).__name__}); accepted: the file as this tool wrote it; delete it if "
            "it is something else"
        ) from None


def _list_arguments(arguments: Mapping[str, object], unused: set[str]) -> dict[str, object]:
    """Return all but the unused arguments, with infinity, for which JSON has no number, as text."""
    return {name: _name_infinity(value) for name, value in arguments.items() if name not in unused}


def _name_infinity(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _name_infinity(inner) for name, inner in value.items()}
    return str(value) if isinstance(value, float) and not isfinite(value) else value


def _describe_recipe(recipe: Recipe) -> dict[str, object]:
    """Return what a recipe says about learning; not where the model is written and who is told."""
    values = {field.name: getattr(recipe, field.name) for field in fields(recipe)}
    values = {name: vars(value) if is_dataclass(value) else value for name, value in values.items()}
    return _list_arguments(values, {"settings", "replaced_arguments", "model_folder", "callbacks", "on_results"})


def read_command_line() -> list[str]:
    """Return the command line of this process without its secrets."""
    return hide_secrets(sys.argv)


def hide_secrets(argv: Sequence[str]) -> list[str]:
    """Put `***` in place of tokens and of the encryption key: `--hub_token T`, `--token=T`, `-k KEY`, `-kKEY`.

    >>> hide_secrets(["train", "-k", "secret", "-g", "1"])
    ['train', '-k', '***', '-g', '1']
    """
    hidden: list[str] = []
    value_follows = False
    for argument in argv:
        flag, equals, _ = argument.partition("=")
        is_long = flag.startswith("--") and flag[2:].replace("-", "_") in SECRETS
        is_secret = argument == "-k" or is_long
        if value_follows and not argument.startswith("--"):
            hidden.append(HIDDEN)
            value_follows = False
        elif argument.startswith("-k") and argument != "-k":
            hidden.append(f"-k{HIDDEN}")
        else:
            hidden.append(f"{flag}={HIDDEN}" if is_secret and equals else argument)
            value_follows = is_secret and not equals
    return hidden
