"""`dataset_convert`: IOB files to the text and label files that the other commands of this dialect read."""

import argparse
import logging
from pathlib import Path

from token_classification.errors import UserError
from token_classification.quick_imports import quick_imports
from token_classification.tao.command_flags import add_spec_flags

logger = logging.getLogger(__name__)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags and keys of `dataset_convert`."""
    add_spec_flags(parser, "dataset_convert")
    parser.add_argument("--data_file", type=Path, metavar="F", help="convert one file, beside it")
    parser.add_argument("--max_length", type=int, default=-1, metavar="N", help="cut sentences to N words")


def run(options: argparse.Namespace) -> int:
    """Convert a folder, or one file.

    Raises:
        UserError: neither is given, an unknown scheme, or something wrong in the data.
    """
    with quick_imports():
        from token_classification.data.results_folder import lock_folder
        from token_classification.data.schemes import Scheme
        from token_classification.tao.commands import open_log
        from token_classification.tao.convert import convert_file, convert_folder
        from token_classification.tao.dialect import speaking_tao
        from token_classification.tao.spec import load_spec
    results = Path(options.results_dir) if options.results_dir else None
    with speaking_tao(options.command), open_log(options, results):
        spec = load_spec(options.command, options.experiment_spec, options.overrides, [])
        schemes = [str(scheme) for scheme in Scheme if scheme != Scheme.PLAIN]
        if spec.scheme is not None and spec.scheme not in schemes:
            raise UserError(f"scheme={spec.scheme}: accepted are {', '.join(schemes)}, or none to keep the tags.")
        scheme = None if spec.scheme is None else Scheme(spec.scheme)
        if options.data_file:
            conversion = convert_file(options.data_file, options.max_length, scheme)
        elif spec.source_data_dir and spec.target_data_dir:
            with lock_folder(Path(spec.target_data_dir), "target_data_dir"):
                conversion = convert_folder(Path(spec.source_data_dir), Path(spec.target_data_dir), scheme)
        else:
            raise UserError(
                "dataset_convert needs source_data_dir=FOLDER (train.txt, dev.txt, test.txt) and "
                "target_data_dir=FOLDER, or --data_file FILE."
            )
        for split, sentences in conversion.sentences.items():
            logger.info("%s: %s sentences, %s words", split, f"{sentences:,}", f"{conversion.words[split]:,}")
        for path in conversion.files:
            logger.info("%s written", path)
    return 0
