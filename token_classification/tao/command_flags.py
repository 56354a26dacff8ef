"""Which flags and keys mean something to which command that has a spec."""

import argparse

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


def list_idle_flags(options: argparse.Namespace) -> list[str]:
    """The flags that were given and decide nothing in this command."""
    given = {"-g": (options.gpus or 1) > 1, "-k": options.key is not None, "-m": options.model is not None}
    return [flag for flag, commands in FLAG_COMMANDS.items() if given[flag] and options.command not in commands]
