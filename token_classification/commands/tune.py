"""`tune`: which settings score best on development data."""

import argparse
from pathlib import Path

from token_classification.commands.flags import add_column_flags
from token_classification.commands.wording import COMMON_WORDS, speaking
from token_classification.errors import UserError
from token_classification.quick_imports import quick_imports

DEFAULT_TRIALS = 20
DATA_FLAGS = (
    *("train_file", "validation_file", "validation_split", "text_column_name", "label_column_name", "task_name"),
    "annotator",
)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `tune`."""
    parser.add_argument("-m", "--model", metavar="ENCODER", required=True, help="pre-trained encoder that learns")
    parser.add_argument("--train_file", metavar="FILE", help="labelled file to learn from")
    parser.add_argument("--validation_file", metavar="FILE", help="labelled file whose F1 decides")
    parser.add_argument(
        "--validation_split",
        metavar="SHARE",
        help="instead of it, the share of the training data to hold out, e.g. 0.1",
    )
    parser.add_argument(
        "-r", "--results_dir", type=Path, default=Path("tuning"), metavar="OUT", help="results (default: tuning)"
    )
    parser.add_argument(
        "--trials", type=int, metavar="N", help=f"trainings to try (default: {DEFAULT_TRIALS} without --hours)"
    )
    parser.add_argument("--hours", type=float, metavar="H", help="time that they may take together, e.g. 0.5")
    parser.add_argument("--seed", type=int, default=42, metavar="N", help="of search and trainings (default: 42)")
    parser.add_argument(
        "--config", metavar="FILE", help="YAML or JSON with more flags of run_ner.py; those in it are not searched"
    )
    add_column_flags(parser)


def run(options: argparse.Namespace) -> int:
    """Search, and print what was found.

    Raises:
        UserError: see `tune`.
    """
    with quick_imports():
        import optuna  # noqa: F401 - where it is missing, that is said before any work

        from token_classification.arguments.command_line import read_config_settings
        from token_classification.data.results_folder import lock_folder
        from token_classification.tuning.tune import OF_THE_SEARCH, Search, read_limits, tune
    flags: dict[str, object] = {name: getattr(options, name) for name in DATA_FLAGS}
    flags = {name: value for name, value in flags.items() if value is not None}
    fixed = {} if options.config is None else read_config_settings(options.config)
    refused = sorted((OF_THE_SEARCH | {"seed"} | flags.keys() | {"model_name_or_path"}) & fixed.keys())
    if refused:
        raise UserError(
            f"{options.config}: {', '.join(refused)}: what tune decides itself or has a flag for; accepted are the "
            "other flags of run_ner.py; leave these out."
        )
    trials, seconds = read_limits(options.trials, options.hours, DEFAULT_TRIALS)
    flags = {"model_name_or_path": options.model, **flags, **fixed}
    search = Search(flags, options.results_dir, options.seed, trials, seconds)
    with speaking(COMMON_WORDS), lock_folder(options.results_dir, "-r"):
        print(tune(search))
    return 0
