#!/usr/bin/env python
r"""Fine-tune, evaluate and apply a token-classification model (NER, POS, chunking).

python run_ner.py --model_name_or_path bert-base-uncased --dataset_name conll2003 \
    --output_dir ner-model --do_train --do_eval
python run_ner.py --model_name_or_path MODEL --train_file train.conll --validation_file dev.conll \
    --test_file test.conll --output_dir ner-model --do_train --do_eval --do_predict
python run_ner.py config.yaml --seed 1
"""

import sys

from token_classification.arguments.help import print_asked_help
from token_classification.exit_codes import leave, run_command
from token_classification.quick_imports import quick_imports

__all__ = ["main", "run"]


def main(argv: list[str] | None = None) -> int:
    """Run with a command line (None: that of the process) and return the exit code."""
    argv = sys.argv[1:] if argv is None else argv
    if print_asked_help(argv, __doc__):
        return 0
    with quick_imports():
        from token_classification import story
    return story.main(argv)


def _mp_fn(index: int) -> None:
    """Run in one of the processes that `xla_spawn` starts."""
    main()


def run() -> int:
    """Run the command; the exit code is 2 where the user has to put something right."""
    return leave(run_command(main, sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(run())
