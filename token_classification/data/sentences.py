"""What every reader gives: sentences of words, with their tags where the file has them."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Sentences:
    """The sentences of one file, in file order.

    All lists are parallel, one item per sentence. `tags` is None for a file without a tag column.
    `lines` holds the 1-based line (or record) at which each sentence starts: errors found later can still name it.
    """

    tokens: list[list[str]] = field(default_factory=list)
    tags: list[list[str]] | None = None
    lines: list[int] = field(default_factory=list)
    doc_ids: list[str] | None = None
    has_line_per_word: bool = False
    """Whether each word stands in a line of its own, so that it can be named as exactly as its sentence"""
    skipped_lines: list[int] = field(default_factory=list)
    """Lines inside sentences that hold no word (comments, broken rows), ascending; only with a line per word"""
    columns: list[str] = field(default_factory=list)
    """Names of the file's columns; none where they have no names"""
    word_column: str | None = None
    """The one of them that holds the words"""
    tag_column: str | None = None
    """The one of them that holds the tags"""

    @property
    def gold(self) -> list[list[str]]:
        """The tags, where every file without them was refused before.

        Raises:
            ValueError: there are none.
        """
        if self.tags is None:
            raise ValueError("sentences without tags were taken for labelled ones")
        return self.tags

    def find_line(self, row: int, word: int) -> int:
        """Return the line of a word; the line of its sentence where a line (or record) holds a whole sentence."""
        start = self.lines[row]
        if not self.has_line_per_word:
            return start
        line = start + word
        place = bisect_right(self.skipped_lines, start)
        while place < len(self.skipped_lines) and self.skipped_lines[place] <= line:
            line += 1
            place += 1
        return line

    def __len__(self) -> int:
        return len(self.tokens)


def select_sentences(sentences: Sentences, rows: Iterable[int]) -> Sentences:
    """Return the sentences at `rows`, in that order."""
    rows = list(rows)
    return Sentences(
        tokens=[sentences.tokens[row] for row in rows],
        tags=None if sentences.tags is None else [sentences.tags[row] for row in rows],
        lines=[sentences.lines[row] for row in rows],
        doc_ids=None if sentences.doc_ids is None else [sentences.doc_ids[row] for row in rows],
        has_line_per_word=sentences.has_line_per_word,
        skipped_lines=sentences.skipped_lines,
        columns=sentences.columns,
        word_column=sentences.word_column,
        tag_column=sentences.tag_column,
    )
