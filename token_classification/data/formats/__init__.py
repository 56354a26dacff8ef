"""One reader per file format; `read_sentences` recognises the format and calls the one that fits."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from token_classification.data.formats.conll import read_conll
from token_classification.data.formats.conllu import read_conllu
from token_classification.data.formats.csv_table import read_csv
from token_classification.data.formats.json_lines import read_json, read_json_lines
from token_classification.data.formats.ontonotes import read_ontonotes
from token_classification.data.formats.piped import read_piped
from token_classification.data.formats.recognise import recognise_format
from token_classification.data.formats.span_files import SPAN_READERS, read_tagged_documents
from token_classification.data.inputs import keep_inputs
from token_classification.data.sentences import Sentences
from token_classification.data.spans.annotators import explain_unused

logger = logging.getLogger(__name__)


def read_parquet(
    path: Path, text_column: str | None = None, label_column: str | None = None, task: str = "ner"
) -> Sentences:
    """Read a Parquet file; pyarrow is imported for one only."""
    from token_classification.data.formats import parquet

    return parquet.read_parquet(path, text_column, label_column, task)


READERS: dict[str, Callable[..., Sentences]] = {
    "conll": read_conll,
    "conllu": read_conllu,
    "ontonotes": read_ontonotes,
    "piped": read_piped,
    "json": read_json,
    "jsonl": read_json_lines,
    "csv": read_csv,
    "parquet": read_parquet,
    **{name: partial(read_tagged_documents, name) for name in SPAN_READERS},
}


@keep_inputs()
def read_sentences(
    path: str | Path,
    text_column: str | None = None,
    label_column: str | None = None,
    task: str = "ner",
    annotator: str | None = None,
) -> Sentences:
    """Return the sentences of a file in any known format.

    `text_column` and `label_column` are names, or numbers as text (`"-1"`) for CoNLL; without them the usual names and
    places are tried, `{task}_tags` first. `annotator` is whose labels are read where a file says who labelled what.

    Raises:
        DataError: the file has problems; it lists them with their lines.
    """
    return read_format(recognise_format(path), Path(path), text_column, label_column, task, annotator)


def read_format(
    file_format: str,
    path: Path,
    text_column: str | None,
    label_column: str | None,
    task: str,
    annotator: str | None,
) -> Sentences:
    """Return the sentences of a file of a known format, as `read_sentences` does.

    Raises:
        DataError: the file has problems; it lists them with their lines.
    """
    if file_format in SPAN_READERS:
        return READERS[file_format](path, text_column, label_column, task, annotator)
    if annotator is not None:
        logger.warning("%s", explain_unused(path, annotator))
    return READERS[file_format](path, text_column, label_column, task)
