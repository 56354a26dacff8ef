"""`convert`: files of annotation tools, CoNLL, JSON lines and others, each into each."""

import argparse
import errno
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from token_classification.commands.flags import add_column_flags
from token_classification.errors import UserError, list_problems
from token_classification.quick_imports import quick_imports

if TYPE_CHECKING:
    from token_classification.data.convert import Conversion
    from token_classification.data.spans.document import Written

logger = logging.getLogger(__name__)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `convert`."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="the files to convert, and last the one to write")
    parser.add_argument(
        "--to", required=True, metavar="FORMAT", help="conll, jsonl, doccano, prodigy ...; a wrong name lists all"
    )
    parser.add_argument("--from", dest="source", metavar="FORMAT", help="what the files are (default: found out)")
    parser.add_argument(
        "--align",
        choices=["strict", "expand", "contract"],
        help="a span that cuts a word is refused, gets all of the word, or loses its part (default: strict where "
        "words get tags; else spans stay as they are)",
    )
    parser.add_argument(
        "--overlaps",
        choices=["refuse", "outer", "inner"],
        help="of spans that share words none, the longer or the shorter ones are taken (default: refuse where words "
        "get tags; else spans stay as they are)",
    )
    parser.add_argument(
        "--levels",
        type=int,
        default=1,
        metavar="N",
        help="write N columns of tags for nested spans, outermost first (default: 1); conll and jsonl",
    )
    parser.add_argument(
        "--words",
        choices=["punctuation", "whitespace"],
        help="how the words of a text are found if its file does not say (default: punctuation, as infer does)",
    )
    parser.add_argument(
        "--sentences",
        choices=["document", "line"],
        default="document",
        help="what a sentence of a text is where words get tags (default: document)",
    )
    add_column_flags(parser, "texts or words", "spans or tags")


def run(options: argparse.Namespace) -> int:
    """Convert files and return the exit code.

    Raises:
        UserError: no file to write, something wrong in a file, or a file that may not be written over.
    """
    with quick_imports():
        from token_classification.data.convert import Choices, convert_files
        from token_classification.data.inputs import keep_inputs
    if len(options.files) < 2:
        raise UserError(
            f"{options.files[0]}: no file to write; accepted: one file or more, and last the new one; type "
            f"token_classification convert {options.files[0]} NEW --to {options.to}"
        )
    *names, last = options.files
    target = Path(last)
    choices = Choices(
        target=options.to,
        source=options.source,
        words=options.words,
        align=options.align,
        overlaps=options.overlaps,
        levels=options.levels,
        splits_lines=options.sentences == "line",
        text_column=options.text_column_name,
        label_column=options.label_column_name,
        task=options.task_name,
        annotator=options.annotator,
    )
    with keep_inputs() as opened:
        conversion = convert_files(list(dict.fromkeys(map(Path, names))), target, choices)
        write_conversion(conversion.written, target, list(opened))
    report(conversion, target)
    return 0


def write_conversion(written: "Written", target: Path, inputs: list[Path]) -> None:
    """Write the new file, or the files of the new folder, all of them or none.

    Raises:
        UserError: an input or a file that this tool has not written is in the place of one.
    """
    with quick_imports():
        from token_classification.data.results_folder import check_own_files, claim_files, refuse_overwriting_inputs
        from token_classification.data.whole_files import describe_unwritable, write_file_set, write_whole
    content = written.content
    if isinstance(content, str | bytes):
        if target.is_dir():
            raise describe_unwritable(target, IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)))
        folder, names = target.parent, [target.name]
    else:
        is_beside = target.name in content
        folder, names = target.parent if is_beside else target, sorted(content)
    refuse_overwriting_inputs({f"the file to write ({name}):": folder / name for name in names}, inputs)
    is_replaceable = target.is_file() or target.is_dir() or not target.exists()  # a pipe can't lose anything
    if is_replaceable:
        check_own_files(folder, names, "give another name, or delete it first")
        claim_files(folder, names)
    if isinstance(content, str | bytes):
        write_whole(target, content)
    else:
        write_file_set(folder, content)


def report(conversion: "Conversion", target: Path) -> None:
    """Say what was written, and what became of spans and fields that are not there as they were."""
    from token_classification.output_text import make_printable

    for note in conversion.notes:
        logger.warning("%s", note)
    account = conversion.account
    for what, problems in (("got other borders", account.moved), ("were left out", account.left_out)):
        if problems:
            logger.warning("%s spans %s:\n%s", f"{len(problems):,}", what, list_problems([*map(str, problems)]))
    counts = ", ".join(f"{count:,} {name}" for name, count in conversion.counts.items())
    print(make_printable(f"{target}: {counts}"))
