"""`infer`: tags behind the words of some texts on the screen, or the entities of a file of any size in a file."""

import argparse
import logging
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from token_classification.commands.flags import INPUT_HELP, BulkChoice, add_dataclass_flags, build_options, flag
from token_classification.commands.model_choice import TaggingChoice, locate_model, open_predictor
from token_classification.commands.wording import COMMON_WORDS, speaking
from token_classification.data.addresses import Address, as_path
from token_classification.errors import UserError
from token_classification.quick_imports import quick_imports

if TYPE_CHECKING:
    from token_classification.data.words_of_text import Offsets
    from token_classification.inference.parts.tag_parts import PartsSettings
    from token_classification.inference.predictor import TaggedText
    from token_classification.inference.selection import Selection

logger = logging.getLogger(__name__)

TAGGED_TEXTS, ENTITIES = "predictions.txt", "predictions.jsonl"


@dataclass(frozen=True, kw_only=True)
class InferOptions(BulkChoice, TaggingChoice):
    """What to tag, how, and where to write it."""

    texts: Sequence[str] | None = None
    """What is tagged on the screen"""
    input_file: Sequence[str] | None = flag(
        f"{INPUT_HELP}; all files of other folders, or of a pattern such as 'texts/*.jsonl'. May be repeated.",
        group="input",
        default=None,
        metavar="FILE",
    )
    records_per_part: int | None = flag(
        "Write a folder of parts, each of so many lines, rows or records of the input, which the processes read and "
        "write by themselves. With several files, or results at an address, that is done anyway. Default: 20000.",
        group="output",
        default=None,
        metavar="N",
    )
    select: Literal["uncertain", "diverse", "random"] | None = flag(
        "Tag only the texts to label next, the most uncertain first: those that the model is most unsure of "
        "(uncertain), those that differ in what it is unsure of (diverse), or any (random). Needs --budget.",
        group="selection",
        default=None,
    )
    budget: int | None = flag("How many texts are selected.", group="selection", default=None, metavar="N")
    labelled_file: Sequence[str] | None = flag(
        "What is labelled already, in any format that training reads: its texts are not selected. May be repeated.",
        group="selection",
        default=None,
        metavar="FILE",
    )
    seed: int = flag("Seed of --select random and diverse.", group="selection", default=42, metavar="N")
    output_format: str | None = flag(
        "What is written: jsonl, jsonl.gz, conll, conll.gz or parquet. Default: jsonl.",
        group="output",
        default=None,
        metavar="NAME",
    )
    to: str | None = flag(
        "Write what an annotation tool imports, for people to correct: label_studio, doccano, prodigy, spacy, brat, "
        "spacy_json, webanno, gliner, inline_xml or spans.",
        group="output",
        default=None,
        metavar="TOOL",
    )
    pad_label: str = "O"
    """The tag that is not shown"""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `infer`."""
    parser.add_argument(
        "texts", nargs="*", metavar="TEXT", help="text to tag; the result is printed. Also KEY=VALUE, as in TAO"
    )
    parser.add_argument(
        "--text", action="append", default=[], metavar="TEXT", help="the same, for a text that looks like KEY=VALUE"
    )
    add_dataclass_flags(parser, InferOptions)


def run(namespace: argparse.Namespace) -> int:
    """Tag what the flags name and return the exit code.

    Raises:
        UserError: see `infer`.
    """
    options = build_options(InferOptions, namespace, "infer", texts=list_texts(namespace))
    with quick_imports():
        from token_classification.data.results_folder import lock_folder
    folder = options.results_dir
    # Nobody can lock a store of objects: two jobs of the same settings write the same parts there, others are refused.
    is_store = isinstance(folder, Address) and options.texts is None
    with speaking(COMMON_WORDS), nullcontext() if folder is None or is_store else lock_folder(folder, "-r"):
        infer(options)
    return 0


def list_texts(namespace: argparse.Namespace) -> list[str] | None:
    """Return the texts of a command line; None if there are none."""
    return [*namespace.texts, *namespace.text] or None


def infer(options: InferOptions) -> None:
    """Tag texts on the screen, or files in files.

    Raises:
        UserError: neither or both are given, or something is wrong with the model, the file or the settings.
    """
    selection = read_selection(options)
    output_format = choose_output_format(options)
    if (options.texts is None) == (options.input_file is None):
        given = "neither is given" if options.texts is None else "both are given"
        raise UserError(f"infer needs --text TEXT or --input_file FILE, only one of them; {given}.")
    if options.texts is None:
        tag_in_bulk(options, output_format, selection)
    elif options.to is None:
        tag_on_screen(options.texts, options)
    else:
        raise UserError(f"--to {options.to}: texts on the command line go to the screen; accepted: --input_file FILE")


def read_selection(options: InferOptions) -> "Selection | None":
    """Return what the flags say about which texts of a file are tagged; None: all.

    Raises:
        UserError: flags that don't go together.
    """
    if options.select is None:
        given = {"--budget": options.budget, "--labelled_file": options.labelled_file}
        typed = [name for name, value in given.items() if value is not None]
        if typed:
            raise UserError(f"{', '.join(typed)}: only for a selection; add --select uncertain, diverse or random.")
        return None
    if options.budget is None:
        raise UserError(f"--select {options.select}: how many texts? Add --budget N, e.g. --budget 200.")
    if options.input_file is None:
        raise UserError(f"--select {options.select}: selects from a file; give --input_file FILE and no texts.")
    with quick_imports():
        from token_classification.inference.selection import Selection, read_keys
    return Selection(options.select, options.budget, read_keys(options.labelled_file or ()), options.seed)


def choose_output_format(options: InferOptions) -> str:
    """Return the format of the results.

    Raises:
        UserError: there is no such format, or two are asked for.
    """
    with quick_imports():
        from token_classification.data.formats.span_files import SPAN_WRITERS, refuse_unknown_format
        from token_classification.inference.answers import OUTPUT_FORMATS
    if options.to is None:
        typed = options.output_format or OUTPUT_FORMATS[0]
        if typed in SPAN_WRITERS:
            accepted = ", ".join(OUTPUT_FORMATS)
            raise UserError(f"--output_format {typed}: accepted are {accepted}; for files of tools, type --to {typed}")
        return typed
    refuse_unknown_format("--to", options.to, list(SPAN_WRITERS))
    if options.output_format is not None:
        raise UserError(
            f"--to {options.to} --output_format {options.output_format}: two formats; accepted: one of them; type one"
        )
    return options.to


def tag_on_screen(texts: Sequence[str], options: InferOptions) -> None:
    """Print texts as NeMo does; with a results folder also write predictions.txt and predictions.jsonl."""
    with quick_imports():
        from token_classification.data.results_folder import check_own_files, claim_files
        from token_classification.data.whole_files import write_file_set
        from token_classification.inference.answers import answer_records, encode_answers
        from token_classification.inference.records import Record
        from token_classification.output_text import make_printable_lines
    folder = options.results_dir
    if folder is not None:
        check_own_files(folder, (TAGGED_TEXTS, ENTITIES), "give another -r")
    records = [Record(number, text, {"text": text}) for number, text in enumerate(texts)]
    predictor = open_predictor(options, options.model)
    answers = answer_records(predictor, records)
    if predictor.proposed:
        logger.warning(
            "--operating_point %s: the tags below don't show what it finds beside them; -r DIR writes all entities.",
            options.operating_point,
        )
    results = [format_levels(answer.tagged, options.pad_label) for answer in answers]
    for text, lines in zip(texts, results, strict=True):
        print(f"Query : {make_printable_lines(text)}")
        print("".join(f"Result: {make_printable_lines(line)}\n" for line in lines))
    if folder is not None:
        claim_files(folder, (TAGGED_TEXTS, ENTITIES))
        tagged_texts = "".join(f"{line}\n" for lines in results for line in lines).encode(errors="replace")
        write_file_set(folder, {TAGGED_TEXTS: tagged_texts, ENTITIES: encode_answers(answers, "jsonl")[0]})
        logger.info("Predictions saved to %s", folder / TAGGED_TEXTS)


def tag_in_bulk(options: InferOptions, output_format: str, selection: "Selection | None") -> None:
    """Tag files of any size, and write their records with their entities: in a file, or a folder of parts."""
    with quick_imports():
        from token_classification.inference.bulk import BulkSettings, tag_file
        from token_classification.inference.input_names import list_inputs
        from token_classification.inference.model_version import name_model, name_version
        from token_classification.inference.workers import Workers
        from token_classification.modeling.source import find_model_folder
    folder = options.results_dir
    if folder is None or options.input_file is None:
        raise UserError("-r DIR is missing: the folder for the results of --input_file.")
    names = list_inputs(options.input_file)
    in_parts = options.records_per_part is not None or len(names) > 1 or isinstance(folder, Address)
    parts = choose_parts(options, names, folder, output_format) if in_parts else None
    settings = BulkSettings(
        input_file=names[0],
        folder=folder,
        output_format=output_format,
        input_format=options.input_format,
        text_column=options.text_column_name,
        resume=options.resume,
        selection=selection,
    )
    predictor = open_predictor(options, options.model, streams=None)
    if predictor.proposed and output_format.startswith("conll"):
        raise UserError(
            f"--operating_point {options.operating_point} --output_format {output_format}: this point also finds "
            "entities that the tags leave out, which CoNLL has no place for; accepted are jsonl, parquet and --to TOOL"
        )
    model_folder = find_model_folder(options.model)
    open_elsewhere = partial(open_predictor, options, locate_model(options.model), streams=None)
    workers = Workers(options.num_workers, open_elsewhere, options.cluster)
    if parts is not None:
        # Only here: it needs pyarrow, without which exported models tag single files.
        from token_classification.inference.parts.folder import ERRORS, PARTS
        from token_classification.inference.parts.tag_parts import tag_parts

        progress = tag_parts(predictor, parts, model_folder, workers)
        output, errors = folder / PARTS, folder / ERRORS
    else:
        settings = replace(settings, model_version=name_version(name_model(options.model), predictor, model_folder))
        progress = tag_file(predictor, settings, model_folder, workers)
        output, errors = folder / settings.files.output_name, folder / settings.files.errors_name
    logger.info("%s: %s records, %s entities", output, f"{progress.records:,}", f"{progress.entities:,}")
    if progress.bad_records:
        logger.warning(
            "%s records could not be tagged; %s says why, with their lines.", f"{progress.bad_records:,}", errors
        )


def choose_parts(options: InferOptions, names: Sequence[str], folder: Path, output_format: str) -> "PartsSettings":
    """Return how files become a folder of parts.

    Raises:
        UserError: a flag that parts have no use for.
    """
    if options.select is not None or options.to is not None:
        typed = f"--select {options.select}" if options.select else f"--to {options.to}"
        raise UserError(
            f"{typed}: results are written in parts here (several files, --records_per_part, or an address after -r); "
            f"accepted: one --input_file, and a folder of this machine; or leave out {typed}"
        )
    with quick_imports():
        from token_classification.inference.parts.tag_parts import DEFAULT_SIZE, PartsSettings
        from token_classification.inference.tool_records import refuse_results_inside
    for name in options.input_file or ():
        refuse_results_inside(as_path(name), folder)
    return PartsSettings(
        input_files=names,
        folder=folder,
        size=DEFAULT_SIZE if options.records_per_part is None else options.records_per_part,
        output_format=output_format,
        input_format=options.input_format,
        text_column=options.text_column_name,
        resume=options.resume,
    )


def format_levels(tagged: "TaggedText", pad_label: str) -> list[str]:
    """Return the line of `format_tagged`, or one for each level of nested entities, with its name."""
    if not tagged.levels:
        return [format_tagged(tagged.text, tagged.spans, tagged.tags, pad_label)]
    return [
        f"{level}: {format_tagged(row.text, row.spans, row.tags, pad_label)}" for level, row in tagged.levels.items()
    ]


def format_tagged(text: str, spans: "Sequence[Offsets]", tags: Sequence[str], pad_label: str) -> str:
    """`santa[B-LOC] clara[I-LOC].`: the tag of a word behind it; punctuation has none, and runs of blanks are one.

    The original splits off a last character that is no letter, which makes `2021` into `202` and `1`.
    """
    parts, place = [], 0
    for (start, end), tag in zip(spans, tags, strict=True):
        parts.append(text[place:end])
        if tag != pad_label and any(map(str.isalnum, text[start:end])):
            parts.append(f"[{tag}]")
        place = end
    return " ".join("".join([*parts, text[place:]]).split())
