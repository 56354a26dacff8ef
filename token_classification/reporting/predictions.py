"""The prediction files, written and read again: one tag for every word of the input, in its order."""

import logging
from collections.abc import Sequence
from pathlib import Path

from token_classification.data.formats.conll import make_writable, read_conll, write_conll
from token_classification.data.formats.conll_layout import DOCUMENT_START, find_layout
from token_classification.data.inputs import keep_inputs
from token_classification.data.sentences import Sentences
from token_classification.data.text_lines import read_lines
from token_classification.data.whole_files import write_whole
from token_classification.errors import DataError

logger = logging.getLogger(__name__)

PREDICTIONS = "predictions.conll"
TAG_LINES = "predictions.txt"
LEGACY_PREDICTIONS = "test_predictions.txt"
LEVEL_TAGS = "levels.tsv"


def write_predictions(folder: Path, sentences: Sentences, predicted: Sequence[Sequence[str]]) -> None:
    """Write `predictions.txt` (the tags of a sentence per line) and `predictions.conll` (word TAB gold TAB predicted).

    Args:
        folder: Where to write.
        sentences: The split as it was read; without tags there is no gold column.
        predicted: One tag per word.
    """
    with_blank = sorted({tag for tags in predicted for tag in set(tags) if " " in tag})
    if with_blank:
        logger.warning(
            "%s separates tags by blanks, but some contain one (%r); in %s each tag has a column to itself.",
            TAG_LINES,
            with_blank[0],
            PREDICTIONS,
        )
    write_whole(folder / TAG_LINES, "".join(" ".join(tags) + "\n" for tags in predicted))
    write_tagged_words(folder / PREDICTIONS, sentences, predicted)


def write_tagged_words(path: Path, sentences: Sentences, predicted: Sequence[Sequence[str]]) -> None:
    """Write lines of word TAB gold TAB predicted, a blank line after each sentence; without gold, two columns."""
    columns = [_clean_words(sentences.tokens), predicted]
    if sentences.tags is not None:
        columns.insert(1, sentences.tags)
    write_conll(path, columns)


def write_level_tags(path: Path, levels: Sequence[Sentences], predicted: Sequence[Sequence[Sequence[str]]]) -> None:
    """Write the tags of all levels of nested entities side by side, as GermEval 2014's own scorer reads them.

    Args:
        path: The file.
        levels: The sentences with the gold tags of each level, outermost first.
        predicted: The predicted tags of each level.
    """
    numbers = [[str(number) for number, _ in enumerate(words, 1)] for words in levels[0].tokens]
    gold = [sentences.tags for sentences in levels if sentences.tags is not None]
    write_conll(path, [numbers, _clean_words(levels[0].tokens), *gold, *predicted])


@keep_inputs()
def read_tagged_words(path: Path) -> tuple[Sentences, list[list[str]]]:
    """Read what `write_tagged_words` wrote, or any CoNLL file with gold and predicted tags in its last two columns.

    Returns:
        The sentences with their gold tags, and the predicted tags.

    Raises:
        DataError: there is no gold column, or a line is wrong.
    """
    lines = read_lines(path)
    own = _read_own_rows(lines)
    if own is not None:
        return own
    width = find_layout(lines, path, None, None).width
    if width < 3:
        raise DataError(
            f"{path}: {width} columns, so there is no gold to score with; accepted: word TAB gold TAB predicted a "
            "line; predict on a file with tags"
        )
    return read_conll(path, label_column="-2"), read_conll(path, label_column="-1").gold


def _read_own_rows(lines: Sequence[str]) -> tuple[Sentences, list[list[str]]] | None:
    """Read lines of word TAB gold TAB predicted; None if a line is different.

    In such a file every row is a word, even one that begins with `#` or is `-DOCSTART-`.
    """
    tokens: list[list[str]] = []
    gold: list[list[str]] = []
    predicted: list[list[str]] = []
    starts: list[int] = []
    is_open = False
    for number, line in enumerate(lines, 1):
        if not line:
            is_open = False
            continue
        row = line.split("\t")
        if len(row) != 3 or not row[1] or not row[2]:
            return None
        if not is_open:
            for column in (tokens, gold, predicted):
                column.append([])
            starts.append(number)
            is_open = True
        for column, cell in zip((tokens, gold, predicted), row, strict=True):
            column[-1].append(cell)
    return (Sentences(tokens, gold, starts, has_line_per_word=True), predicted) if predicted else None


def write_legacy_predictions(
    folder: Path, sentences: Sentences, predicted: Sequence[Sequence[str]], task: str
) -> None:
    """Write `test_predictions.txt` in the layout of the old script, but with every word.

    NER and chunking: a line `word predicted` per word, a blank line after each sentence, -DOCSTART- before each
    document. POS: a line per sentence, with `word (gold|predicted) ` for each word.
    """
    lines = []
    gold = sentences.tags or [["_"] * len(words) for words in sentences.tokens]
    documents: Sequence[str | None] = sentences.doc_ids or [None] * len(sentences)
    before: str | None = None
    for words, gold_tags, tags, document in zip(sentences.tokens, gold, predicted, documents, strict=True):
        if task == "pos":
            lines.append("".join(f"{w} ({g}|{p}) " for w, g, p in zip(words, gold_tags, tags, strict=True)))
            continue
        if document != before:
            lines += [DOCUMENT_START, ""]
            before = document
        lines += [f"{word} {tag}" for word, tag in zip(words, tags, strict=True)] + [""]
    write_whole(folder / LEGACY_PREDICTIONS, "\n".join(lines) + "\n")


def _clean_words(tokens: Sequence[Sequence[str]]) -> list[list[str]]:
    """Replace TABs and line breaks in words, and warn of words that don't come back as they were."""
    cleaned = [[make_writable(word) for word in words] for words in tokens]
    breaking = sum(
        word != clean
        for row, clean_row in zip(tokens, cleaned, strict=True)
        for word, clean in zip(row, clean_row, strict=True)
    )
    if breaking:
        logger.warning("%s words contain a TAB or a line break; %s has blanks instead.", f"{breaking:,}", PREDICTIONS)
    starts = sum(word.startswith(DOCUMENT_START) for words in cleaned for word in words)
    if starts:
        logger.warning(
            "%s words begin with %s: report and compare read them as words, other programs as document starts.",
            f"{starts:,}",
            DOCUMENT_START,
        )
    return cleaned
