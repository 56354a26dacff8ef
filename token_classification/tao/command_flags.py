"""The flags of the commands that have a spec, and which flags and keys have a meaning in which command."""

import argparse
import os
import re
from pathlib import Path

from token_classification.tao.archive.key import KEY_VARIABLE
from token_classification.tao.command_help import describe_overrides

REQUIRED = {
    "train": ["data_dir"],
    "finetune": ["data_dir", "restore_from"],
    "evaluate": ["data_dir", "restore_from"],
    "infer": ["restore_from"],
    "export": ["restore_from"],
}
"""Command -> keys that must have a value in the end"""

MODEL_COMMANDS = ("train", "finetune", "evaluate", "infer", "export")
FLAG_COMMANDS = {"-g": ("train", "finetune", "evaluate", "infer"), "-k": MODEL_COMMANDS, "-m": MODEL_COMMANDS}
"""Flag -> the commands in which it has a meaning; the others accept it, too, because scripts give all flags to all"""


LAUNCHED = ("train", "finetune", "evaluate")
"""Commands of which -g starts several; infer divides its records among processes of its own"""


def add_spec_flags(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the flags of a command that has a spec and no flags of its own, and the overrides behind them."""
    parser.add_argument("-r", "--results_dir", metavar="RESULTS", help="folder of the results")
    model = "model folder or .tlt archive" + (", to start from it instead of an encoder" if command == "train" else "")
    parser.add_argument("-m", "--model", metavar="MODEL", help=_show("-m", command, model))
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="settings, which win over the spec")
    add_tao_flags(parser, command)


def add_tao_flags(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the flags that only this dialect has."""
    group = parser.add_argument_group("TAO")
    group.add_argument("-e", "--experiment_spec", metavar="SPEC", help="YAML file with the settings")
    key = "key of an encrypted model (.tlt); @FILE reads it from a file"
    group.add_argument("-k", "--key", metavar="KEY", help=_show("-k", command, key))
    group.add_argument(
        "-g", "--gpus", type=int, metavar="N", help=_show("-g", command, "number of processes (default: 1)")
    )
    parser.epilog = describe_overrides(command, REQUIRED.get(command, ()))


def _show(flag: str, command: str, text: str) -> str:
    """Return the help of a flag where it means something."""
    return text if command in FLAG_COMMANDS[flag] else argparse.SUPPRESS


OVERRIDE = re.compile(r"\+{0,2}[A-Za-z_]\w*(\.\w+)*=|~[A-Za-z_][\w.]*$")
"""What `key=value`, `+key=value` and `~key` begin with"""


def speaks_tao(options: argparse.Namespace) -> bool:
    """Return whether a command line needs this dialect: it has a spec, keys, processes or an encrypted model.

    The overrides of `infer` are taken from among the texts to tag, between which they stand.
    """
    if "texts" in options:
        options.overrides = [word for word in options.texts if OVERRIDE.match(word)]
        options.texts = [word for word in options.texts if not OVERRIDE.match(word)]
    is_archive = Path(getattr(options, "model", "")).is_file()
    # The key of an export may stand in the environment alone: never leave the model unsealed then.
    seals = options.key is not None or (options.command == "export" and KEY_VARIABLE in os.environ)
    return bool(options.overrides or options.experiment_spec or seals or is_archive) or (options.gpus or 1) > 1


def list_idle_flags(options: argparse.Namespace) -> list[str]:
    """Return the flags that were given and decide nothing in this command."""
    given = {"-g": (options.gpus or 1) > 1, "-k": options.key is not None, "-m": options.model is not None}
    return [flag for flag, commands in FLAG_COMMANDS.items() if given[flag] and options.command not in commands]
