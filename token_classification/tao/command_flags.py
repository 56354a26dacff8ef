"""The flags of the commands that have a spec, and which of them and of the keys mean something to which command."""

import argparse

from token_classification.tao.command_help import describe_overrides

REQUIRED = {
    "train": ["data_dir"],
    "finetune": ["data_dir", "restore_from"],
    "evaluate": ["data_dir", "restore_from"],
    "infer": ["restore_from"],
    "export": ["restore_from"],
}
"""Command -> keys that must have a value in the end."""

MODEL_COMMANDS = ("train", "finetune", "evaluate", "infer", "export")
FLAG_COMMANDS = {"-g": ("train", "finetune", "evaluate"), "-k": MODEL_COMMANDS, "-m": MODEL_COMMANDS}
"""Flag -> the commands that it means something to. The others accept it too, since scripts give all flags to all."""


def add_spec_flags(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the flags of a command that has a spec, and the overrides behind them."""
    parser.add_argument("-r", "--results_dir", metavar="RESULTS", help="folder of the results")
    parser.add_argument("-e", "--experiment_spec", metavar="SPEC", help="YAML file with the settings")
    model = "model folder or .tlt archive" + (", to start from it instead of an encoder" if command == "train" else "")
    texts = {
        "-g": "number of processes (default: 1)",
        "-k": "encryption key; @FILE reads it from a file",
        "-m": model,
    }
    shown = {flag: text if command in FLAG_COMMANDS[flag] else argparse.SUPPRESS for flag, text in texts.items()}
    parser.add_argument("-g", "--gpus", type=int, metavar="N", help=shown["-g"])
    parser.add_argument("-k", "--key", metavar="KEY", help=shown["-k"])
    parser.add_argument("-m", "--model", metavar="MODEL", help=shown["-m"])
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="settings, which win over the spec")
    parser.epilog = describe_overrides(command, REQUIRED.get(command, ()))


def list_idle_flags(options: argparse.Namespace) -> list[str]:
    """Return the flags that were given and decide nothing in this command."""
    given = {"-g": (options.gpus or 1) > 1, "-k": options.key is not None, "-m": options.model is not None}
    return [flag for flag, commands in FLAG_COMMANDS.items() if given[flag] and options.command not in commands]
