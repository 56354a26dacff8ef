"""Two runs on the same test set: which is better, by how much, with what certainty, and on which sentences."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from token_classification.data.schemes import Scheme, recognise_scheme
from token_classification.data.sentences import Sentences
from token_classification.errors import DataError, UserError
from token_classification.output_text import make_printable
from token_classification.reporting.evaluation import checksum_gold
from token_classification.reporting.evaluation_report import REPORT_FOLDER
from token_classification.reporting.evaluation_text import list_difference_cells
from token_classification.reporting.predictions import PREDICTIONS, read_tagged_words
from token_classification.reporting.slices import join_sides
from token_classification.scoring.error_classes import EntityPair, ErrorClass, pair_sentences
from token_classification.scoring.intervals import CONFIDENCE, SEED
from token_classification.scoring.significance import (
    COMPARED_REPLICATES,
    SHUFFLES,
    Difference,
    compare_groups,
    count_both,
    find_p_value,
)
from token_classification.text_tables import format_table

LISTED_SENTENCES = 10
SURE = 0.05
"""A p-value below it is called a difference"""
TEXT_WIDTH = 100
SHOWN_CHECKSUM = 12


@dataclass(frozen=True)
class TaggedRun:
    """What a run predicted for a test set with gold."""

    path: Path
    sentences: Sentences
    predicted: list[list[str]]

    def place(self, number: int) -> str:
        """Return where a sentence is: `file:line`."""
        return f"{self.path}:{self.sentences.lines[number]}"


@dataclass(frozen=True)
class Comparison:
    """B against A."""

    a: TaggedRun
    b: TaggedRun
    scheme: Scheme
    types: dict[str, Difference]
    micro: Difference
    p_value: float
    fixed: dict[int, list[EntityPair]]
    """Sentences that only B gets right -> the errors of A"""
    broken: dict[int, list[EntityPair]]
    """Sentences that only A gets right -> the errors of B"""


def find_predictions(given: str) -> Path | None:
    """Return the file with the predictions of a run: of its output folder, its report folder, or the file itself."""
    path = Path(given)
    places = [path / REPORT_FOLDER / PREDICTIONS, path / PREDICTIONS] if path.is_dir() else [path]
    return next((place for place in places if place.is_file()), None)


def read_run(given: str) -> TaggedRun:
    """Read the predictions of a run.

    Args:
        given: Its output folder, its report folder, or the file itself.

    Raises:
        UserError: there are none.
        DataError: they have no gold, or a line is wrong.
    """
    file = find_predictions(given)
    if file is None:
        raise UserError(
            f"{given}: no {PREDICTIONS} there; accepted: the output folder of a run, its report folder, or such a "
            "file; make one with run_ner.py --do_predict on a file with tags"
        )
    return TaggedRun(file, *read_tagged_words(file))


def compare_runs(a: TaggedRun, b: TaggedRun) -> Comparison:
    """Score both runs on the same sentences.

    Raises:
        DataError: words or gold tags differ; names the first place.
    """
    check_same_gold(a, b)
    gold = a.sentences.gold
    names = {tag for run in (a, b) for tags in run.predicted for tag in tags}
    scheme = recognise_scheme(gold, names)
    pairs_a, pairs_b = (pair_sentences(gold, run.predicted, scheme) for run in (a, b))
    counts_a, counts_b = count_both(pairs_a, pairs_b)
    errors_a, errors_b = ([list_errors(row) for row in pairs] for pairs in (pairs_a, pairs_b))
    return Comparison(
        a=a,
        b=b,
        scheme=scheme,
        types=dict(zip(counts_a.groups, compare_groups(counts_a, counts_b), strict=True)),
        micro=compare_groups(counts_a.join_groups(), counts_b.join_groups())[0],
        p_value=find_p_value(counts_a, counts_b),
        fixed={number: errors for number, errors in enumerate(errors_a) if errors and not errors_b[number]},
        broken={number: errors for number, errors in enumerate(errors_b) if errors and not errors_a[number]},
    )


def check_same_gold(a: TaggedRun, b: TaggedRun) -> None:
    """Refuse runs on different test sets.

    Raises:
        DataError: words or gold tags differ; names the first place.
    """
    checksums = [checksum_gold(run.sentences) for run in (a, b)]
    if checksums[0] == checksums[1]:
        return
    found = f"{a.path} and {b.path} end differently: {len(a.sentences):,} and {len(b.sentences):,} sentences"
    for number in range(min(len(a.sentences), len(b.sentences))):
        difference = _find_difference(a.sentences, b.sentences, number)
        if difference:
            found = f"{b.place(number)}: {difference[1]} where {a.place(number)} has {difference[0]}"
            break
    shown = " and ".join(checksum[:SHOWN_CHECKSUM] for checksum in checksums)
    raise DataError(
        f"{found} (checksums of words and gold: {shown}); accepted: two runs on the same test set; "
        "predict with both models on the same file"
    )


def format_comparison(comparison: Comparison) -> str:
    """Format the comparison as text, scores in percent."""
    a, b = comparison.a, comparison.b
    rows = [["F1", "A", "B", "B - A", f"{CONFIDENCE:.0%} interval", "gold"]]
    rows += [[name, *list_difference_cells(row)] for name, row in comparison.types.items()]
    rows.append(["all (micro)", *list_difference_cells(comparison.micro)])
    lines = [f"A  {a.path}", f"B  {b.path}", f"{len(a.sentences):,} sentences, scheme {comparison.scheme}", ""]
    lines += [
        *format_table(rows).split("\n"),
        "",
        f"Intervals: {COMPARED_REPLICATES:,} resamplings of the sentences (paired bootstrap).",
        f"p = {comparison.p_value:.4f} (approximate randomisation, {SHUFFLES:,} shuffles): {_judge(comparison)}",
    ]
    for title, sentences in (("fixed", comparison.fixed), ("broken", comparison.broken)):
        lines += [
            "",
            f"{len(sentences):,} sentence{'' if len(sentences) == 1 else 's'} {title} by B{':' if sentences else ''}",
        ]
        for number, errors in islice(sentences.items(), LISTED_SENTENCES):
            lines += [f"  {b.place(number)}: {_describe(b, number, errors)}", f"    {shorten(b, number)}"]
    return "\n".join(map(make_printable, lines))


def build_comparison_record(comparison: Comparison) -> dict[str, object]:
    """Build the comparison for JSON, scores as fractions."""
    a, b = comparison.a, comparison.b
    return {
        "a": str(a.path),
        "b": str(b.path),
        "sentences": len(a.sentences),
        "sha256_of_words_and_gold": checksum_gold(a.sentences),
        "scheme": str(comparison.scheme),
        "intervals": {"confidence": CONFIDENCE, "replicates": COMPARED_REPLICATES, "seed": SEED},
        "micro_f1": asdict(comparison.micro) | {"difference": comparison.micro.value, "p_value": comparison.p_value},
        "types": {name: asdict(row) | {"difference": row.value} for name, row in comparison.types.items()},
    } | {
        title: {
            "number": len(sentences),
            "first": [
                {
                    "line": b.sentences.lines[number],
                    "words": b.sentences.tokens[number],
                    "errors": _describe(b, number, errors),
                }
                for number, errors in islice(sentences.items(), LISTED_SENTENCES)
            ],
        }
        for title, sentences in (("fixed", comparison.fixed), ("broken", comparison.broken))
    }


def _find_difference(a: Sentences, b: Sentences, number: int) -> tuple[str, str] | None:
    """Describe the first difference within a sentence, as each side has it."""
    if len(a.tokens[number]) != len(b.tokens[number]):
        return f"{len(a.tokens[number])} words", f"{len(b.tokens[number])} words"
    sides = [list(zip(side.tokens[number], side.gold[number], strict=True)) for side in (a, b)]
    for (word_a, tag_a), (word_b, tag_b) in zip(*sides, strict=True):
        if word_a != word_b:
            return f"the word {word_a!r}", f"the word {word_b!r}"
        if tag_a != tag_b:
            return f"gold {tag_a!r} for {word_a!r}", f"gold {tag_b!r} for {word_b!r}"
    return None


def list_errors(row: Sequence[EntityPair]) -> list[EntityPair]:
    """Return what is wrong in a sentence."""
    return [pair for pair in row if pair.error != ErrorClass.CORRECT]


def _judge(comparison: Comparison) -> str:
    if comparison.p_value >= SURE:
        return "the difference may be due to chance."
    return f"{'B' if comparison.micro.value > 0 else 'A'} is better."


def _describe(run: TaggedRun, number: int, errors: Sequence[EntityPair]) -> str:
    """Describe the errors of a sentence: `missed PER 'Anna'; boundary LOC 'New York → York'`."""
    words = run.sentences.tokens[number]
    return "; ".join(
        f"{pair.error} {' as '.join(dict.fromkeys(side.type for side in pair.sides))} {join_sides(words, pair)!r}"
        for pair in errors
    )


def shorten(run: TaggedRun, number: int) -> str:
    """Return the text of a sentence, or its beginning."""
    text = " ".join(run.sentences.tokens[number])
    return text if len(text) <= TEXT_WIDTH else f"{text[: TEXT_WIDTH - 3]}..."
