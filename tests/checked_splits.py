"""Small splits under check."""

from pathlib import Path

from token_classification.checking.doctor import Examination, examine
from token_classification.checking.files import Reading, number_files
from token_classification.data.sentences import Sentences


def check(**splits: list[tuple[str, str]]) -> list[tuple[str, str, int]]:
    """Kind, split and record of each problem with sentences of (words, tags)."""
    readings = [
        Reading(
            Path(f"{split}.jsonl"),
            split,
            Sentences([w.split() for w, _ in rows], [t.split() for _, t in rows], list(range(1, len(rows) + 1))),
            [],
        )
        for split, rows in splits.items()
    ]
    findings = examine(number_files(readings)).findings
    return [(f.kind, problem.path.stem, problem.line) for f in findings for problem in f.problems]


def examine_odd_words(count: int = 12) -> Examination:
    """Examine a split whose every sentence has a word with markup and a control character."""
    rows = [["a", "<b>\x1b[31m", f"w{number}"] for number in range(count)]
    tags = [["B-PER", "O", "O"] for _ in rows]
    sentences = Sentences(rows, tags, list(range(1, count + 1)))
    return examine(number_files([Reading(Path("train.jsonl"), "train", sentences, [])]))
