"""What every reader gives: sentences of words, with their tags where the file has them."""

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

    def __len__(self) -> int:
        return len(self.tokens)
