"""Collects finished sentences and counts documents, for the readers that see one word per line."""

from collections.abc import Sequence
from pathlib import Path

from token_classification.data.problems import Problem, refuse_problems
from token_classification.data.sentences import Sentences
from token_classification.data.text_lines import no_words


class SentenceBuilder:
    """Sentences in file order; documents are numbered "0", "1", ... once a document start was seen."""

    def __init__(self) -> None:
        self._sentences = Sentences(tags=[], doc_ids=[], has_line_per_word=True)
        self._document = 0
        self._first_of_document = 0
        self._has_documents = False

    def add(self, words: list[str], tags: list[str], line: int) -> None:
        """Append a sentence that starts at `line`; without words (several boundaries in a row) nothing is appended."""
        if words:
            self._sentences.tokens.append(words)
            self._sentences.tags.append(tags)
            self._sentences.lines.append(line)
            self._sentences.doc_ids.append(str(self._document))

    def skip(self, line: int) -> None:
        """Note a line that holds no word although it may stand inside a sentence."""
        self._sentences.skipped_lines.append(line)

    def start_document(self) -> None:
        """Count a new document; a document without sentences is none."""
        self._has_documents = True
        if len(self._sentences) > self._first_of_document:
            self._document += 1
            self._first_of_document = len(self._sentences)

    def build(self, path: Path, labelled: bool, problems: Sequence[Problem] = ()) -> Sentences:
        """Give the sentences; `tags` is None unless `labelled`, `doc_ids` is None without any document start.

        Raises: BrokenFileError that lists the problems, where there are any; DataError when there are no words.
        """
        if not self._sentences.tokens and not problems:
            raise no_words(path)
        if not labelled:
            self._sentences.tags = None
        if not self._has_documents:
            self._sentences.doc_ids = None
        return refuse_problems(self._sentences, problems)
