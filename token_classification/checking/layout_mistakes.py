"""Mistakes in how a file is laid out that a reader can't see: a header line read as a word, columns swapped."""

from collections import Counter
from itertools import chain
from pathlib import Path

from token_classification.data.problems import Kind, Problem
from token_classification.data.schemes import OUTSIDE, choose_entity_rule
from token_classification.data.sentences import Sentences, select_sentences

WORD_HEADERS = {"word", "words", "token", "tokens", "form", "text"}
TAG_HEADERS = {"tag", "tags", "label", "labels", "ner", "ner_tag", "ner_tags", "entity", "iob", "bio", "pos", "upos"}

LOOKED_AT = 1_000
MOST = 0.9
"""Share of words that look like tags from which on the columns count as swapped."""


def take_out_header(sentences: Sentences, path: Path) -> tuple[Sentences, list[Problem]]:
    """Leave out a first row that names the columns; return what is left, and the problem where there was one."""
    if not sentences.has_line_per_word or not sentences.tags:
        return sentences, []
    word, tag = sentences.tokens[0][0], sentences.tags[0][0]
    if word.lower() not in WORD_HEADERS or tag.lower() not in TAG_HEADERS:
        return sentences, []
    if sum(tags.count(tag) for tags in sentences.tags) > 1:
        return sentences, []
    problem = Problem(
        Kind.HEADER_LINE,
        path,
        sentences.lines[0],
        f"the column names would be read as word {word!r} with tag {tag!r}; accepted: CoNLL begins with its first "
        "word; remove the line",
    )
    is_alone = len(sentences.tokens[0]) == 1
    kept = select_sentences(sentences, range(is_alone, len(sentences)))
    if not is_alone:
        kept.tokens[0], kept.gold[0] = kept.tokens[0][1:], kept.gold[0][1:]
        kept.lines[0] = sentences.find_line(0, 1)
    return kept, [problem]


def find_swapped_columns(sentences: Sentences, path: Path) -> Problem | None:
    """Return the problem of a file whose words look like tags and whose tags don't; None for any other file."""
    if not sentences.tags or not looks_like_tags(sentences.tokens) or looks_like_tags(sentences.tags):
        return None
    word, tag = sentences.tokens[0][0], sentences.tags[0][0]
    return Problem(
        Kind.SWAPPED_COLUMNS,
        path,
        sentences.lines[0],
        f"the words look like tags ({word!r}) and the tags like words ({tag!r}); accepted: a column of words and one "
        "of tags; name them: --text_column_name and --label_column_name",
    )


def looks_like_tags(rows: list[list[str]]) -> bool:
    """Tell whether nearly all items of the first sentences are tags of an entity scheme, and some of them not `O`."""
    items = list(chain.from_iterable(rows[:LOOKED_AT]))
    counts = Counter(items)
    marking = sum(map(choose_entity_rule(counts), items))
    return marking > 0 and counts[OUTSIDE] + marking >= MOST * len(items)
