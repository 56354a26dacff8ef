#!/usr/bin/env python
r"""Fine-tune, evaluate and apply a token-classification model (NER, POS, chunking).

python run_ner.py --model_name_or_path bert-base-uncased --dataset_name conll2003 \
    --output_dir ner-model --do_train --do_eval
python run_ner.py --model_name_or_path MODEL --train_file train.conll --validation_file dev.conll \
    --test_file test.conll --output_dir ner-model --do_train --do_eval --do_predict
python run_ner.py config.yaml --seed 1
"""

import sys

from token_classification.exit_codes import run_command
from token_classification.quick_imports import quick_imports

with quick_imports():
    from token_classification.story import main

__all__ = ["main", "run"]


def _mp_fn(index: int) -> None:
    """What `xla_spawn` calls in each of its processes."""
    main()


def run() -> int:
    """The command: exit code 0, or 2 where the user has to put something right."""
    return run_command(main, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
