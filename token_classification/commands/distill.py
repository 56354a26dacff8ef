"""`distill`: a small model that learns from large ones."""

import argparse
from dataclasses import fields

from token_classification.arguments.distillation import DistillationArguments
from token_classification.arguments.measured_recipe import OF_STUDENTS
from token_classification.arguments.seeds import SeedsArguments
from token_classification.commands.flags import add_column_flags
from token_classification.commands.wording import COMMON_WORDS, speaking
from token_classification.errors import UserError
from token_classification.quick_imports import quick_imports

LISTS = {"teacher": "MODEL", "teacher_spans": "FILE", "unlabelled_file": "FILE", "seeds": "N"}
"""Flag that takes several values -> what each is"""
WORDS = COMMON_WORDS | {"--model_name_or_path": "--student"}
NOT_ARGUMENTS = ("student", "results_dir", "command", "argv")


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `distill`; `run_ner.py --teacher` has all the others of a training, too."""
    parser.add_argument("--student", metavar="ENCODER", required=True, help="pre-trained encoder that learns")
    parser.add_argument("-r", "--results_dir", metavar="OUT", required=True, help="folder of the new model")
    parser.add_argument("--train_file", metavar="FILE", required=True, help="labelled file")
    parser.add_argument("--validation_file", metavar="FILE", help="labelled file that is scored in the end")
    parser.add_argument("--test_file", metavar="FILE", help="file that is tagged in the end")
    add_column_flags(parser)
    for item in (*fields(DistillationArguments), *fields(SeedsArguments)):
        shown = "" if item.default is None else f" (default: {item.default})"
        parser.add_argument(
            f"--{item.name}",
            nargs="+" if item.name in LISTS else None,
            metavar=LISTS.get(item.name),
            help=item.metadata["help"] + shown,
        )
    for name, value in {**OF_STUDENTS, "seed": 42}.items():
        parser.add_argument(f"--{name}", default=value, help=f"as in run_ner.py (default: {value})")


def run(options: argparse.Namespace) -> int:
    """Train the student, and score it on what files there are.

    Raises:
        UserError: there is no teacher; else see `story.main`.
    """
    if not (options.teacher or options.teacher_spans):
        raise UserError(
            "no teacher is given; accepted: --teacher MODEL, or --teacher_spans FILE with spans that something else "
            "has found; give one of them"
        )
    with quick_imports():
        from token_classification.arguments.command_line import spell_flags
        from token_classification.story import main
    settings: dict[object, object] = {
        name: value for name, value in vars(options).items() if name not in NOT_ARGUMENTS
    }
    settings |= {
        "model_name_or_path": options.student,
        "output_dir": options.results_dir,
        "do_train": True,
        "do_eval": options.validation_file is not None,
        "do_predict": options.test_file is not None,
    }
    with speaking(WORDS):
        return main(spell_flags(settings))
