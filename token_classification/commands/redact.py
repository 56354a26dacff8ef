"""`redact`: texts or files of any size without the names in them, and the way back for whoever has the key."""

import argparse
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from token_classification.commands.flags import (
    INPUT_HELP,
    BulkChoice,
    add_dataclass_flags,
    build_options,
    flag,
    list_typed,
)
from token_classification.commands.key_files import read_key_file
from token_classification.commands.model_choice import TaggingChoice, locate_model, open_predictor
from token_classification.commands.wording import COMMON_WORDS, speaking
from token_classification.errors import UserError
from token_classification.output_text import quote_path
from token_classification.quick_imports import quick_imports
from token_classification.redaction.modes import Mode, Scope

if TYPE_CHECKING:
    from token_classification.inference.bulk import BulkSettings
    from token_classification.inference.entities import Thresholds
    from token_classification.inference.predictor import Predictor
    from token_classification.redaction.redaction_files import RedactionFiles
    from token_classification.redaction.substitutes import Naming

logger = logging.getLogger(__name__)

HIGH_RECALL = "high_recall"
LEAST_KEY = 16
ACCEPTED_KEY = (
    f"accepted is @FILE, a text file with a key of {LEAST_KEY} characters or more in its first line; make one with: "
    "openssl rand -hex 32 > redact.key"
)


@dataclass(frozen=True, kw_only=True)
class RedactOptions(BulkChoice, TaggingChoice):
    """What to redact, how, and where to write it."""

    texts: Sequence[str] | None = None
    """What is redacted on the screen"""
    input_file: str | None = flag(f"{INPUT_HELP}.", group="input", default=None, metavar="FILE")
    labels: Sequence[str] | None = flag(
        "What is replaced; may be repeated. Default: entities of all labels.",
        group="redaction",
        default=None,
        metavar="LABEL",
    )
    mode: Mode = flag(
        "What a name becomes: [PER] (mask); [PER_1], the same number for the same name of a text (number); an "
        "invented name (pseudonym); a keyed hash, the same for the same name everywhere (hash).",
        group="redaction",
        default="mask",
    )
    scope: Scope = flag(
        "Where the same name has the same pseudonym: within a document, or in all of the run.",
        group="redaction",
        default="document",
    )
    locale: str = flag(
        "Language and country of pseudonyms: en_US, de_DE, fr_FR ...",
        group="redaction",
        default="en_US",
        metavar="NAME",
    )
    key: str | None = flag(
        "File whose first line is the key of pseudonyms, of hashes and of the mapping.",
        group="redaction",
        default=None,
        metavar="@FILE",
    )
    mapping: bool = flag(
        "Also write redacted.mapping, encrypted with the key, with which --restore gives the original back.",
        group="redaction",
        default=False,
    )
    restore: Path | None = flag(
        "Give back the original of --input_file with its mapping and the --key; no model is needed.",
        group="restoring",
        default=None,
        metavar="MAPPING",
    )


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `redact`."""
    parser.add_argument("texts", nargs="*", metavar="TEXT", help="text to redact; the result is printed")
    add_dataclass_flags(parser, RedactOptions)


def run(namespace: argparse.Namespace) -> int:
    """Redact, or restore, what the flags name and return the exit code.

    Raises:
        UserError: flags that are missing or don't go together, or something is wrong with the model or a file.
    """
    with speaking(COMMON_WORDS):
        typed = list_typed(RedactOptions, namespace)
        if "restore" in typed:
            restore(namespace.texts, typed)
        else:
            redact(build_options(RedactOptions, namespace, "redact", texts=namespace.texts or None))
    return 0


def restore(texts: Sequence[str], typed: dict[str, object]) -> None:
    """Give back the original of a redacted file.

    Raises:
        UserError: a flag is missing or has no meaning here, or the files do not fit.
    """
    needed = {"input_file": "--input_file REDACTED", "key": "--key @FILE", "results_dir": "-r DIR"}
    missing = [name for flag_name, name in needed.items() if flag_name not in typed]
    others = [f"--{name}" for name in typed if name not in (*needed, "restore")] + [*map(repr, texts)]
    if missing or others:
        found = f"{', '.join(missing)} is missing" if missing else f"{', '.join(others)} has no meaning with it"
        raise UserError(f"--restore: {found}; accepted: --restore MAPPING --input_file REDACTED --key @FILE -r DIR")
    with quick_imports():
        from token_classification.data.results_folder import check_own_files, claim_files, lock_folder
        from token_classification.redaction.restore_file import restore_file
    mapping, folder = Path(str(typed["restore"])), Path(str(typed["results_dir"]))
    redacted, key = Path(str(typed["input_file"])), read_key(str(typed["key"]))
    name = f"restored{redacted.suffix}"
    with lock_folder(folder, "-r"):
        check_own_files(folder, [name], "give another -r")
        claim_files(folder, [name])
        restored = restore_file(redacted, mapping, key, folder / name)
    what = (
        "it is the input, byte for byte"
        if restored.is_input
        else "the texts and fields are those of the input; its bytes are not (it was compressed or a pipe, had lines "
        "that could not be read, or wrote the same values in another way)"
    )
    logger.info("%s: %s records; %s", folder / name, f"{restored.records:,}", what)


def redact(options: RedactOptions) -> None:
    """Redact texts on the screen, or a file into a file.

    Raises:
        UserError: neither or both are given, or something is wrong with the model, the file or the settings.
    """
    if (options.texts is None) == (options.input_file is None):
        given = "neither is given" if options.texts is None else "both are given"
        raise UserError(f"redact needs TEXT or --input_file FILE, only one of them; {given}.")
    if options.scope == "run" and options.mode != "pseudonym":
        raise UserError(
            f"--scope run --mode {options.mode}: accepted with --mode pseudonym; for marks that are the same in all "
            "documents, type --mode hash"
        )
    key = None if options.key is None else read_key(options.key)
    if key is None and (options.mapping or options.mode in ("pseudonym", "hash")):
        what = "--mapping" if options.mapping else f"--mode {options.mode}"
        raise UserError(f"{what}: needs a key; type --key @FILE: {ACCEPTED_KEY}")
    with quick_imports():
        from token_classification.redaction.substitutes import build_naming
    naming = build_naming(options.mode, key, options.scope, options.locale)
    if options.texts is not None:
        redact_on_screen(options.texts, naming, options)
    else:
        redact_in_bulk(options, naming, key if options.mapping else None)


def read_key(argument: str) -> str:
    """Return the key of `@FILE`.

    Raises:
        UserError: it is typed itself, can't be read or is short.
    """
    key = read_key_file(argument, "--key", ACCEPTED_KEY)
    if len(key) < LEAST_KEY:
        raise UserError(f"--key {argument}: a key of {len(key)} characters; {ACCEPTED_KEY}")
    return key


def open_cautious_predictor(options: RedactOptions) -> "Predictor":
    """Open the model with the thresholds that are typed, else with those for a high recall (`calibrate`), and say so.

    What a threshold keeps out is not replaced, so without any, everything that the model tags is.
    """
    predictor = open_predictor(options, options.model, streams=None)
    if options.threshold is not None or options.operating_point is not None:
        return predictor
    point = predictor.calibration.operating_points.get(HIGH_RECALL)
    if point is None:
        logger.info(
            "The model has no operating point %s, so everything that it tags is replaced, whatever its score; to find "
            "one on labelled data: token_classification calibrate -m %s --data dev.conll --min_recall 0.98",
            HIGH_RECALL,
            quote_path(options.model),
        )
        return predictor
    if point.proposals:
        logger.info(
            "Operating point %s: what the tags of the model leave out is replaced, too, from these scores on: %s; to "
            "replace only what it tags: --threshold 0",
            HIGH_RECALL,
            format_thresholds(point.proposals),
        )
    else:
        logger.info(
            "Operating point %s: what scores below %s is not replaced; to replace everything that the model tags: "
            "--threshold 0",
            HIGH_RECALL,
            format_thresholds(point.thresholds),
        )
    return predictor.move_to(point)


def format_thresholds(thresholds: "Thresholds") -> str:
    """Return the lowest score of each label: `LOC 0.5, PER 0.8`."""
    return ", ".join(f"{label} {least:.3g}" for label, least in sorted(thresholds.items()))


def redact_on_screen(texts: Sequence[str], naming: "Naming", options: RedactOptions) -> None:
    """Print texts without their names."""
    if options.mapping or options.results_dir:
        raise UserError("--mapping and -r: texts on the command line go to the screen; accepted: --input_file FILE")
    with quick_imports():
        from token_classification.output_text import make_printable_lines
        from token_classification.redaction.redacted_text import choose_spans, replace_spans
        from token_classification.redaction.redaction_files import check_labels
    predictor = open_cautious_predictor(options)
    labels = check_labels(options.labels, predictor)
    for number, tagged in enumerate(predictor.tag_texts(texts), 1):
        spans = choose_spans(predictor.find_entities(tagged), labels)
        substitutes = naming.substitute(tagged.text, spans, number)
        print(make_printable_lines(replace_spans(tagged.text, spans, substitutes).text))


def redact_in_bulk(options: RedactOptions, naming: "Naming", mapping_key: str | None) -> None:
    """Redact a file of any size, and say what was replaced."""
    folder = options.results_dir
    if folder is None or options.input_file is None:
        raise UserError("-r DIR is missing: the folder for the results of --input_file.")
    with quick_imports():
        from token_classification.data.inputs import hash_file
        from token_classification.data.results_folder import lock_folder
        from token_classification.inference.bulk import BulkSettings
        from token_classification.inference.input_lines import comes_once
        from token_classification.redaction.file_layout import find_layout
        from token_classification.redaction.redaction_files import RedactionFiles
    with lock_folder(folder, "-r"):
        layout = find_layout(options.input_file, options.input_format, options.text_column_name)
        path = Path(options.input_file)
        files = RedactionFiles(
            layout,
            naming,
            None if options.labels is None else frozenset(options.labels),
            mapping_key,
            "" if comes_once(options.input_file) or path.is_dir() else hash_file(path),
        )
        settings = BulkSettings(
            input_file=options.input_file,
            folder=folder,
            input_format=options.input_format,
            text_column=options.text_column_name,
            resume=options.resume,
            writer=files,
        )
        write_redacted(options, settings, files)


def write_redacted(options: RedactOptions, settings: "BulkSettings", files: "RedactionFiles") -> None:
    """Tag and redact a file, and write and print the report."""
    with quick_imports():
        from token_classification.data.whole_files import write_whole
        from token_classification.inference.bulk import tag_file
        from token_classification.inference.workers import Workers
        from token_classification.modeling.source import find_model_folder
        from token_classification.output_text import dump_json
        from token_classification.redaction.redaction_report import REPORT_NAME, format_report, summarise_run
    folder = settings.folder
    predictor = open_cautious_predictor(options)
    elsewhere = replace(options, model=locate_model(options.model))
    workers = Workers(options.num_workers, partial(open_cautious_predictor, elsewhere), options.cluster)
    progress = tag_file(predictor, settings, find_model_folder(options.model), workers)
    thresholds: dict[str, object] = {
        name: json.loads(progress.settings[name]) for name in ("threshold", "proposed") if name in progress.settings
    }
    report = summarise_run(progress, {"mode": options.mode, **thresholds})
    write_whole(folder / REPORT_NAME, dump_json(report))
    print(format_report(report))
    logger.info("%s: %s documents", folder / files.output_name, f"{report['documents']:,}")
    if left_out := report["documents_with_fields_left_out"]:
        logger.warning(
            "%s documents had fields that hold labels or something that was replaced: these fields are not written.",
            f"{left_out:,}",
        )
    if progress.bad_records:
        logger.warning(
            "%s records could not be read or written and are not in the results; %s has their lines.",
            f"{progress.bad_records:,}",
            folder / files.errors_name,
        )
