"""Sentences with nested entities, on two levels."""

from pathlib import Path

NESTED = [
    ("The Berlin office of Acme Corporation .", "B-ORG I-ORG I-ORG I-ORG I-ORG I-ORG O", "O B-LOC O O B-ORG I-ORG O"),
    ("Anna Smith moved from Berlin to New York .", "B-PER I-PER O O B-LOC O B-LOC I-LOC O", "O O O O O O O B-LOC O"),
    ("He went to London on Wednesday .", "O O O B-LOC O O O", "O O O O O O O"),
    ("John Miller lives in Paris with Anna .", "B-PER I-PER O O B-LOC O B-PER O", "B-PER O O O O O O O"),
    ("Where is Globex ?", "O O B-ORG O", "O O O O"),
    ("Acme Corporation and Globex joined .", "B-ORG I-ORG O B-ORG O O", "B-PER O O O O O"),
]
"""Words, and their tags on the outer and on the inner level"""
LEVELS = ("outer", "inner")


def write_nested(path: Path, rows=NESTED, *, has_tags: bool = True) -> Path:
    """Write sentences in the layout of GermEval: number, word, outer tag, inner tag; or words alone."""
    lines = []
    for words, *levels in rows:
        cells = zip(words.split(), *(tags.split() for tags in levels), strict=True)
        lines += ["\t".join([str(number), *row]) if has_tags else row[0] for number, row in enumerate(cells, 1)]
        lines.append("")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def list_tags(level: str) -> list[list[str]]:
    """Return the tags of a level."""
    return [row[1 + LEVELS.index(level)].split() for row in NESTED]
