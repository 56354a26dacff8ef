"""The command line `token_classification COMMAND [flags] [key=value ...]`, as TAO users type it."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from token_classification.data.whole_files import write_file_set
from token_classification.errors import UserError
from token_classification.exit_codes import run_command
from token_classification.quick_imports import quick_imports
from token_classification.tao.command_flags import FLAG_COMMANDS, REQUIRED
from token_classification.tao.command_help import describe_overrides
from token_classification.tao.dialect import speaking_tao

SPECS = Path(__file__).parent / "tao" / "specs"

COMMANDS = {
    "download_specs": "write the sample specs to -o",
    "dataset_convert": "IOB files to text_*.txt, labels_*.txt and label_ids.csv",
    "train": "train a model from a pre-trained encoder",
    "finetune": "train a trained model further",
    "evaluate": "score a model on labelled data",
    "infer": "tag texts",
    "check": "say what is wrong with data files; exit code 0 (nothing), 1 (warnings) or 2 (errors)",
    "report": "scores, errors and a page to browse them, from predictions on disk",
    "compare": "two runs on the same test set: which is better, and how surely",
    "average": "one model whose weights are the mean of those of several trainings",
    "export": "a model for OpenVINO or ONNX Runtime, in int8 or bf16, if it scores as before",
}
OTHER_NAMES = {"infer_onnx": "infer"}
"""TAO's name for a command with an exported model -> the command, which tells the model's format by itself"""


class ArgumentParser(argparse.ArgumentParser):
    """Reports mistakes like every other mistake of the user."""

    def error(self, message: str) -> NoReturn:
        """Called by argparse. Raises: UserError."""
        raise UserError(f"{message}\nHelp: {self.prog} -h")


def main() -> int:
    """The console script."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return run_command(run, sys.argv[1:])


def run(argv: list[str]) -> int:
    """Run one command; gives its exit code.

    Raises:
        UserError: no such command, or whatever the command finds wrong.
    """
    options, overrides = parse_flags(argv)
    if options.command == "download_specs":
        download_specs(options, overrides)
        return 0
    # Heavy imports only now: help and mistakes in flags answer at once.
    if options.command == "check":
        with quick_imports():
            from token_classification.commands.check import check

        return check(options)
    if options.command == "average":
        with quick_imports():
            from token_classification.modeling.average import average_models

        with speaking_tao(options.command):
            average_models(refuse_overrides(options, overrides).runs, options.results_dir)
        return 0
    if options.command in ("report", "compare"):
        with quick_imports():
            from token_classification.tao import review

        review.WORK[options.command](refuse_overrides(options, overrides))
        return 0
    with quick_imports():
        from token_classification.tao import commands

    with speaking_tao(options.command):
        commands.run(options, overrides)
    return 0


def parse_flags(argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Split the command line into the command with its flags, and the overrides."""
    parser = ArgumentParser(prog="token_classification", description="Token classification, TAO/NeMo style.")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=ArgumentParser)
    for name, help_text in COMMANDS.items():
        aliases = [alias for alias, meant in OTHER_NAMES.items() if meant == name]
        command = subparsers.add_parser(
            name, aliases=aliases, help=help_text, description=help_text, allow_abbrev=False
        )
        add_flags(command, name)
    options, rest = parser.parse_known_args(argv)
    options.command = OTHER_NAMES.get(options.command, options.command)
    flags = [argument for argument in rest if argument.startswith("-")]
    if flags:
        raise UserError(f"unknown flag {flags[0]}\nHelp: token_classification {options.command} -h")
    return options, rest


def add_flags(command: argparse.ArgumentParser, name: str) -> None:
    """The flags of a command; overrides stand behind them."""
    if name == "check":
        add_check_flags(command)
        return
    if name in ("report", "compare"):
        add_review_flags(command, name)
        return
    if name == "average":
        command.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="output folder of a training")
        command.add_argument(
            "-r", "--results_dir", type=Path, metavar="OUT", required=True, help="folder of the new model"
        )
        return
    command.add_argument("-r", "--results_dir", metavar="RESULTS", help="folder of the results")
    if name == "download_specs":
        command.add_argument("-o", "--target_data_dir", metavar="DIR", required=True, help="where to write the specs")
        return
    command.add_argument("-e", "--experiment_spec", metavar="SPEC", help="YAML file with the settings")
    model = "model folder or .tlt archive" + (", to start from it instead of an encoder" if name == "train" else "")
    texts = {
        "-g": "number of processes (default: 1)",
        "-k": "encryption key; @FILE reads it from a file",
        "-m": model,
    }
    shown = {flag: text if name in FLAG_COMMANDS[flag] else argparse.SUPPRESS for flag, text in texts.items()}
    command.add_argument("-g", "--gpus", type=int, metavar="N", help=shown["-g"])
    command.add_argument("-k", "--key", metavar="KEY", help=shown["-k"])
    command.add_argument("-m", "--model", metavar="MODEL", help=shown["-m"])
    if name == "dataset_convert":
        command.add_argument("--data_file", metavar="F", help="convert one file, beside it")
        command.add_argument("--max_length", type=int, default=-1, metavar="N", help="cut sentences to N words")
    if name == "infer":
        command.add_argument("--resume", action="store_true", help="go on where a killed run on input_file stopped")
    command.epilog = describe_overrides(name, REQUIRED.get(name, ()))
    command.formatter_class = argparse.RawDescriptionHelpFormatter


def add_check_flags(command: argparse.ArgumentParser) -> None:
    """The flags of `check`."""
    command.add_argument("files", nargs="+", metavar="FILE", help="data files; train, dev and test by their names")
    command.add_argument("-m", "--model", metavar="MODEL", help="also check against this model's tokenizer and window")
    command.add_argument("--max_seq_length", type=int, metavar="N", help="window in sub-tokens (default: the model's)")
    command.add_argument("--json", metavar="FILE", help="write the findings as JSON, too")
    command.add_argument("--html", metavar="FILE", help="write the findings as a page, too")
    command.add_argument("--repair", metavar="FOLDER", help="write corrected copies, each with a diff, into FOLDER")
    command.add_argument(
        "--scheme", choices=["iob1", "iob2", "iobes", "bilou"], help="with --repair: convert the tags to this scheme"
    )
    command.add_argument(
        "--discard", action="store_true", help="with --repair: leave out sentences that can't be repaired"
    )
    command.add_argument("--text_column_name", metavar="NAME", help="column of the words (CoNLL: its number)")
    command.add_argument("--label_column_name", metavar="NAME", help="column of the tags (CoNLL: its number)")
    command.add_argument("--task_name", default="ner", metavar="TASK", help="the tags are in TASK_tags (default: ner)")


def add_review_flags(command: argparse.ArgumentParser, name: str) -> None:
    """The flags of `report` and `compare`, which need neither a spec nor a model."""
    run = "output folder of a run, its report folder, or a predictions.conll"
    if name == "compare":
        command.add_argument("run_a", metavar="RUN_A", help=run)
        command.add_argument("run_b", metavar="RUN_B", help="the run to compare with it")
        command.add_argument("--json", action="store_true", help="print JSON")
        return
    command.add_argument("run", metavar="RUN", help=run)
    command.add_argument("-r", "--results_dir", metavar="RESULTS", required=True, help="folder of the report")
    command.add_argument("--train_file", metavar="F", help="training data, to tell seen names from new ones")


def refuse_overrides(options: argparse.Namespace, overrides: Sequence[str]) -> argparse.Namespace:
    """Give the options of a command that has no spec.

    Raises:
        UserError: there is something to override.
    """
    if overrides:
        raise UserError(f"{overrides[0]}: {options.command} takes no overrides.")
    return options


def download_specs(options: argparse.Namespace, overrides: Sequence[str]) -> None:
    """Write the sample specs, all or none; files that are there already and differ are not overwritten.

    Raises:
        UserError: a spec of that name exists and is another one.
    """
    refuse_overrides(options, overrides)
    target = Path(options.target_data_dir)
    specs = sorted(SPECS.glob("*.yaml"))
    changed = [
        str(target / spec.name)
        for spec in specs
        if (target / spec.name).exists() and (target / spec.name).read_bytes() != spec.read_bytes()
    ]
    if changed:
        raise UserError(f"{', '.join(changed)}: changed by you, so not overwritten; give another -o.")
    for path in write_file_set(target, {spec.name: spec.read_bytes() for spec in specs}):
        print(path)
