"""What the readers of row formats have in common: sentences one by one, and how a whole file of them is collected."""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from token_classification.data.problems import Problem, refuse_problems
from token_classification.data.sentences import Sentences
from token_classification.data.text_lines import no_words


class RowSentence(NamedTuple):
    """What stands between two boundaries, which may be nothing."""

    words: list[str]
    tags: list[str]
    line: int
    """Where the first word stands, from 1"""
    problems: list[Problem]
    """Rows that could not be read"""
    skipped: list[int]
    """Lines that hold no word"""
    ends_document: bool = False


def collect_sentences(
    found: Iterable[RowSentence],
    path: Path,
    *,
    has_tags: bool = True,
    empty_tags: Collection[str] = (),
    has_line_per_word: bool = True,
) -> Sentences:
    """Collect the sentences of a file; documents are numbered "0", "1", ... once one has ended.

    Args:
        found: The sentences; those without words (several boundaries in a row) are left out.
        path: The file.
        has_tags: Whether the file has a column of tags.
        empty_tags: What stands in that column for no tag; a file without any other is unlabelled.
        has_line_per_word: Whether each word has a line of its own.

    Returns:
        The sentences. `tags` is None for an unlabelled file, `doc_ids` is None where no document ended.

    Raises:
        BrokenFileError: rows could not be read; it lists them.
        DataError: there are no words.
    """
    tokens, tags, lines, skipped, documents = [], [], [], [], []
    problems: list[Problem] = []
    document, first_of_document, has_documents = 0, 0, False
    labelled = has_tags and not empty_tags
    for sentence in found:
        problems += sentence.problems
        skipped += sentence.skipped
        if sentence.words:
            tokens.append(sentence.words)
            tags.append(sentence.tags)
            lines.append(sentence.line)
            documents.append(str(document))
            labelled = labelled or (has_tags and not all(tag in empty_tags for tag in sentence.tags))
        if sentence.ends_document:
            has_documents = True
            if len(tokens) > first_of_document:  # a document without sentences is none
                document, first_of_document = document + 1, len(tokens)
    if not tokens and not problems:
        raise no_words(path)
    sentences = Sentences(
        tokens,
        tags if labelled else None,
        lines,
        documents if has_documents else None,
        has_line_per_word,
        skipped if has_line_per_word else [],
    )
    return refuse_problems(sentences, problems)
