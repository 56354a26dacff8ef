"""The command line `token_classification COMMAND ...`: one table of commands, each in a file of its own."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn, Protocol, cast

from token_classification import __version__
from token_classification.errors import UserError
from token_classification.exit_codes import ending_at_sigterm, leave, run_command
from token_classification.nearest_names import did_you_mean
from token_classification.quick_imports import quick_imports
from token_classification.tao.command_flags import MODEL_COMMANDS, add_tao_flags, speaks_tao
from token_classification.tao.processes import start_over_without_key
from token_classification.text_tables import format_table

PROGRAM = "token_classification"

COMMANDS = {
    "download_specs": ("tao.download_specs", "write the sample specs to a folder"),
    "dataset_convert": ("tao.dataset_convert", "convert IOB files to text_*.txt, labels_*.txt and label_ids.csv"),
    "train": ("tao.train", "train a model from a pre-trained encoder"),
    "finetune": ("tao.finetune", "train a trained model further"),
    "evaluate": ("commands.evaluate", "score a model on labelled data"),
    "infer": ("commands.infer", "tag texts"),
    "redact": ("commands.redact", "replace names in texts by marks or pseudonyms, and give them back"),
    "serve": ("commands.serve", "answer requests over HTTP"),
    "calibrate": (
        "commands.calibrate",
        "make scores probabilities, and find thresholds that keep a precision or a recall",
    ),
    "check": (
        "commands.check",
        "find what is wrong with data files; exit code 0: nothing, 1: warnings, 2: errors",
    ),
    "audit": ("commands.audit", "find labels that are wrong: those that models which did not see them contradict"),
    "learning_curve": (
        "commands.learning_curve",
        "measure how F1 grows with the training data, and what more of them should bring",
    ),
    "convert": ("commands.convert", "convert files of annotation tools, CoNLL, JSON lines ... into each other"),
    "report": ("commands.report", "write scores, errors and a page to browse them, from predictions on disk"),
    "compare": ("commands.compare", "compare two runs on the same test set: which is better, and how surely"),
    "tune": ("commands.tune", "search for the settings that score best on development data"),
    "distill": ("commands.distill", "train a small model on what large ones think of words"),
    "average": ("commands.average", "average the weights of several trainings into one model"),
    "merge": ("commands.merge", "make a whole model of an adapter (LoRA) and its encoder"),
    "export": (
        "commands.export",
        "convert a model for OpenVINO or ONNX Runtime, in int8 or bf16, if its score holds",
    ),
}
"""Command -> the module with its `add_flags` and `run`, and what it does, in a line"""
SPEC_FORMS = {"evaluate": "tao.evaluate", "infer": "tao.infer", "export": "tao.export"}
"""Command with flags of its own -> what reads the spec and the key=value of TAO in their place"""
OTHER_NAMES = {"infer_onnx": "infer"}
"""TAO's name for a command with an exported model -> the command, which recognises the model's format"""


class CommandModule(Protocol):
    """What the module of a command has. Help must answer at once: it imports heavy libraries inside of `run` only."""

    def add_flags(self, parser: argparse.ArgumentParser) -> None:
        """Declare the flags of the command."""

    def run(self, options: argparse.Namespace) -> int:
        """Do the work and return the exit code."""


class ArgumentParser(argparse.ArgumentParser):
    """Reports mistakes like every other mistake of the user."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse finds wrong.

        Raises:
            UserError: always.
        """
        raise UserError(f"{message}\nHelp: {self.prog} -h")


def main() -> int:
    """Run the console script and return its exit code."""
    if not set(sys.argv[1:2]).isdisjoint((*MODEL_COMMANDS, *OTHER_NAMES)):
        start_over_without_key(sys.argv[1:])
    with ending_at_sigterm():
        return leave(run_command(run, sys.argv[1:]))


def run(argv: Sequence[str]) -> int:
    """Run one command and return its exit code.

    Raises:
        UserError: no such command, or whatever the command finds wrong.
    """
    command, options = parse(argv)
    return command.run(options)


def parse(argv: Sequence[str]) -> tuple[CommandModule, argparse.Namespace]:
    """Find the command that a command line names, and read its flags.

    Raises:
        UserError: no such command, or flags that it does not have or that are wrong.
    """
    typed = build_main_parser().parse_args(argv[:1]).command
    name = OTHER_NAMES.get(typed, typed)
    if name not in COMMANDS:
        raise UserError(f"unknown command {typed}: {did_you_mean(typed, COMMANDS, f'see {PROGRAM} -h')}")
    module, description = COMMANDS[name]
    command = import_command(module)
    parser = ArgumentParser(
        prog=f"{PROGRAM} {typed}",
        description=description,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_flags(parser)
    if name in SPEC_FORMS:
        add_tao_flags(parser, name)
    # Intermixed, so that words may stand between flags.
    options, rest = parser.parse_known_intermixed_args(argv[1:])
    if rest:
        flags = [flag for action in parser._actions for flag in action.option_strings]
        is_flag, see_help = rest[0].startswith("-"), f"see {parser.prog} -h"
        hint = did_you_mean(rest[0].partition("=")[0], flags, see_help) if is_flag else see_help
        raise UserError(f"unknown {'flag' if is_flag else 'argument'} {rest[0]}: {hint}")
    options.command, options.argv = name, list(argv)
    if name in SPEC_FORMS and speaks_tao(options):
        command = import_command(SPEC_FORMS[name])
    return command, options


def import_command(module: str) -> CommandModule:
    """Import the module of a command; one that reads a spec brings the libraries that it needs."""
    with quick_imports():
        return cast(CommandModule, importlib.import_module(f"token_classification.{module}"))


def build_main_parser() -> ArgumentParser:
    """Build what reads the name of the command; its help is the table of commands."""
    parser = ArgumentParser(
        prog=PROGRAM,
        usage=f"{PROGRAM} COMMAND [flags]",
        description="Train, evaluate and apply models that tag words.",
        epilog="\n".join(
            [
                *("commands:", format_table([["", name, line] for name, (_, line) in COMMANDS.items()], left=(1, 2))),
                *("", f"The flags of a command: {PROGRAM} COMMAND -h"),
            ]
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    parser.add_argument("command", metavar="COMMAND", help=argparse.SUPPRESS)
    return parser
