"""An audit: out-of-fold models read the labels of a file, and what they contradict is listed for a person."""

import logging
from collections.abc import Sequence
from pathlib import Path

from token_classification.arguments.model import ModelArguments
from token_classification.auditing.candidates import Candidate, find_candidates
from token_classification.auditing.decisions import list_copies, plan_corrections, read_decisions, write_corrected
from token_classification.auditing.fold_training import FoldSettings
from token_classification.auditing.out_of_fold import believe_out_of_fold
from token_classification.auditing.page_data import build_audit_page
from token_classification.auditing.read_file import LabelledFile, read_labelled_file
from token_classification.auditing.record import build_record, format_candidates
from token_classification.checking.files import ColumnChoice
from token_classification.data.inputs import keep_inputs
from token_classification.data.results_folder import check_own_files, claim_files, refuse_overwriting_inputs
from token_classification.data.whole_files import write_file_set
from token_classification.errors import UserError
from token_classification.modeling.build import load_config
from token_classification.modeling.label_names import read_model_labels
from token_classification.modeling.source import find_model_folder, hash_model
from token_classification.output_text import dump_json, make_printable, quote_path
from token_classification.reporting.run_record import read_training_file

logger = logging.getLogger(__name__)

RECORD, TABLE, PAGE = "audit.json", "audit.txt", "audit.html"
SHOWN = 20
"""Candidates on the screen; the files have all"""


def audit_file(
    path: Path, columns: ColumnChoice, settings: FoldSettings, folder: Path, workers: int | None = None
) -> list[Candidate]:
    """Find the labels of a file that are most surely wrong, and write them as a table, JSON and a page.

    Args:
        path: The labelled file.
        columns: Its columns.
        settings: Which encoder learns, and how.
        folder: Where the results are written, and those of each fold.
        workers: How many folds are trained at the same time; None: as many as the cores allow.

    Raises:
        UserError: fewer than two folds, or too many; no labels; something wrong with the encoder or the folder.
    """
    if settings.folds < 2:
        raise UserError(
            f"--folds {settings.folds}: each part of the file is read by a model that learned the others; accepted: 2 "
            "or more; type --folds 5"
        )
    with keep_inputs() as opened:
        file = read_labelled_file(path, columns)
        names = (TABLE, RECORD, PAGE)
        refuse_overwriting_inputs({f"-r: {name}:": folder / name for name in names}, list(opened))
        check_own_files(folder, names, "give another -r")
        version = identify_encoder(settings.encoder, file)
        candidates = find_candidates(file, believe_out_of_fold(file, settings, folder, version, workers))
        record = build_record(file, settings, candidates)
        contents = {
            TABLE: format_candidates(file, candidates) + "\n",
            RECORD: dump_json(record),
            PAGE: build_audit_page(file, columns, record),
        }
        claim_files(folder, names)
        write_file_set(folder, contents)
    print(describe_audit(file, candidates, folder))
    return candidates


def identify_encoder(model: str, file: LabelledFile) -> str:
    """Return a checksum of an encoder; warn of one that was fine-tuned, perhaps on this file.

    Raises:
        UserError: there is no such encoder.
    """
    names = read_model_labels(load_config(ModelArguments(model)))
    folder = find_model_folder(model)
    learned = read_training_file(folder)
    if names is not None and learned is not None and learned.sha256 not in (None, file.sha256):
        logger.info(
            "-m %s: was fine-tuned on %s. Models that know the task find more, but if that file holds sentences of "
            "this one, they do not contradict the labels that they have learned.",
            model,
            learned.source,
        )
    elif names is not None:
        logger.warning(
            "-m %s: was fine-tuned already, %s: a model agrees with labels that it has learned, wrong ones too. "
            "Accepted, but an encoder as it was pre-trained finds more; type its name after -m.",
            model,
            "on this file" if learned is not None and learned.sha256 else "perhaps on this file",
        )
    return hash_model(folder)


def describe_audit(file: LabelledFile, candidates: Sequence[Candidate], folder: Path) -> str:
    """Return the first candidates, and what to type next."""
    more = len(candidates) - SHOWN
    lines = [format_candidates(file, candidates[:SHOWN])]
    lines += [f"... and {more:,} more"] if more > 0 else []
    lines += [
        "",
        f"Page:  {make_printable(str(folder / PAGE))}",
        f"Table: {make_printable(str(folder / TABLE))}",
        f"To correct the file, decide in the page, save decisions.json, and type: token_classification audit "
        f"{quote_path(file.source)} --apply decisions.json -r {quote_path(folder)}",
    ]
    return "\n".join(lines)


def apply_decisions(path: Path, columns: ColumnChoice, decisions: Path, folder: Path) -> int:
    """Write a corrected copy of a file and a diff.

    Returns:
        How many labels changed.

    Raises:
        UserError: the decisions are not those of this file, or the copy can't be written.
    """
    with keep_inputs() as opened:
        file = read_labelled_file(path, columns)
        read = [*opened, decisions]
        targets = {f"-r: {name}:": folder / name for name in list_copies(path)}
        refuse_overwriting_inputs(targets, read)
        made = read_decisions(decisions, file.sha256, len(file.sentences))
        plan = plan_corrections(file.checked, file.scheme, made, decisions)
        copy, diff = write_corrected(file.checked, plan, columns, folder)
    labels = "label" if len(made) == 1 else "labels"
    print(f"{make_printable(str(copy))}: {len(made):,} {labels} changed; changes: {make_printable(diff.name)}")
    return len(made)
