"""`infer`: tags behind the words of some texts on the screen, or the entities of a file of any size in a file."""

import logging
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from token_classification.data.results_folder import check_own_files, claim_files
from token_classification.data.text_lines import read_lines
from token_classification.data.whole_files import write_file_set
from token_classification.errors import UserError
from token_classification.inference.answers import answer_records, encode_answers
from token_classification.inference.bulk import ERRORS_NAME, BulkSettings, tag_file
from token_classification.inference.input_lines import STDIN, comes_once
from token_classification.inference.predictor import Predictor
from token_classification.inference.read_records import recognise_file
from token_classification.inference.records import Record
from token_classification.inference.words_of_text import Span
from token_classification.output_text import make_printable_lines
from token_classification.tao.models import open_model
from token_classification.tao.translate import translate_decoding

logger = logging.getLogger(__name__)

TAGGED_TEXTS, ENTITIES = "predictions.txt", "predictions.jsonl"


def infer(spec: DictConfig, results: Path, key: str | None) -> None:
    """Tag the queries of the spec, print them as NeMo does, and write predictions.txt and predictions.jsonl.

    Raises:
        UserError: no queries.
    """
    queries = read_queries(spec)
    check_own_files(results, (TAGGED_TEXTS, ENTITIES), "give another -r")
    with open_model(spec.restore_from, key) as folder:
        predictor = open_predictor(folder, spec)
    answers = answer_records(
        predictor, [Record(number, query, {"text": query}) for number, query in enumerate(queries)]
    )
    lines = [
        format_query(query, answer.tagged.spans, answer.tagged.tags, spec.model.dataset.pad_label)
        for query, answer in zip(queries, answers, strict=True)
    ]
    for query, result in zip(queries, lines, strict=True):
        print(f"Query : {make_printable_lines(query)}\nResult: {make_printable_lines(result)}\n")
    claim_files(results, (TAGGED_TEXTS, ENTITIES))
    tagged_texts = "".join(f"{line}\n" for line in lines).encode(errors="replace")
    write_file_set(results, {TAGGED_TEXTS: tagged_texts, ENTITIES: encode_answers(answers, "jsonl")[0]})
    logger.info("Predictions saved to %s", results / TAGGED_TEXTS)


def open_predictor(folder: Path, spec: DictConfig) -> Predictor:
    """The predictor that a spec asks for."""
    threshold, decoding = OmegaConf.to_container(spec)["threshold"], translate_decoding(spec)
    return Predictor.from_pretrained(
        folder,
        spec.backend,
        threshold=threshold,
        words=spec.words,
        max_seq_length=decoding.max_seq_length,
        decoder=decoding.decoder,
    )


def is_bulk(spec: DictConfig, has_spec_file: bool) -> bool:
    """Whether the answers go to a file only: all files do, but a plain text file that a spec (-e) is given for.

    Those lines are answered on the screen, as the texts of `input_batch` are.
    """
    if spec.input_file is None:
        return False
    if not has_spec_file or spec.resume or spec.output_format is not None or spec.input_format is not None:
        return True
    if comes_once(spec.input_file):
        return spec.input_file == STDIN
    return recognise_file(spec.input_file, spec.text_column) != "text"


def infer_in_bulk(spec: DictConfig, results: Path, key: str | None) -> None:
    """Tag `input_file`, which may be of any size, and write its records with their entities.

    Raises:
        UserError: both `input_file` and `input_batch`, or something wrong with the file, the model or the settings.
    """
    if spec.input_batch is not None:
        raise UserError("Both input_batch and input_file are given: please give only one of them.")
    settings = BulkSettings(
        input_file=spec.input_file,
        folder=results,
        output_format=spec.output_format or "jsonl",
        input_format=spec.input_format,
        text_column=spec.text_column,
        resume=spec.resume,
    )
    with open_model(spec.restore_from, key) as folder:
        progress = tag_file(open_predictor(folder, spec), settings, folder)
    output = results / settings.output_name
    logger.info("%s: %s records, %s entities", output, f"{progress.records:,}", f"{progress.entities:,}")
    if progress.bad_records:
        logger.warning(
            "%s records could not be tagged; %s says why, with their lines.",
            f"{progress.bad_records:,}",
            results / ERRORS_NAME,
        )


def read_queries(spec: DictConfig) -> list[str]:
    """The queries of `input_batch`, or the lines of `input_file`.

    Raises:
        UserError: neither, or both.
    """
    if (spec.input_batch is None) == (spec.input_file is None):
        raise UserError(
            "infer needs input_batch (a list of texts in the spec) or input_file=FILE (a text per line), one of them."
        )
    if spec.input_batch is not None:
        return list(spec.input_batch)
    lines = read_lines(Path(spec.input_file))
    return lines[:-1] if lines[-1] == "" else lines


def format_query(query: str, spans: Sequence[Span], tags: Sequence[str], pad_label: str) -> str:
    """`santa[B-LOC] clara[I-LOC].`: the tag of a word behind it; punctuation has none, and runs of blanks are one.

    The original splits off a last character that is no letter, which makes `2021` into `202` and `1`.
    """
    parts, place = [], 0
    for (start, end), tag in zip(spans, tags, strict=True):
        parts.append(query[place:end])
        if tag != pad_label and any(map(str.isalnum, query[start:end])):
            parts.append(f"[{tag}]")
        place = end
    return " ".join("".join([*parts, query[place:]]).split())
