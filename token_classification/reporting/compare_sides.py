"""Two ways to train, several runs of each on the same test set: which is better, seeds and sentences considered."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice

from token_classification.data.schemes import Scheme, recognise_scheme
from token_classification.errors import UserError
from token_classification.output_text import make_printable
from token_classification.reporting.compare import (
    LISTED_SENTENCES,
    SURE,
    TaggedRun,
    check_same_gold,
    list_errors,
    shorten,
)
from token_classification.reporting.evaluation import checksum_gold
from token_classification.scoring.error_classes import pair_sentences
from token_classification.scoring.intervals import CONFIDENCE, SEED, count_pairs, list_types
from token_classification.scoring.several_runs import REPLICATES, SidesDifference, compare_sides
from token_classification.text_tables import format_table

TEST = "multi-reader multi-case (Obuchowski & Rockette 1995; Hillis 2014): runs are readers, sentences are cases"


@dataclass(frozen=True)
class SidesComparison:
    """Side B against side A."""

    a: Sequence[TaggedRun]
    b: Sequence[TaggedRun]
    scheme: Scheme
    types: dict[str, SidesDifference]
    micro: SidesDifference
    right: dict[int, tuple[int, int]]
    """Sentence -> how many runs of A and of B get it right; those where the shares differ, largest difference first"""

    @property
    def sentences(self) -> int:
        """How many sentences the test set has."""
        return len(self.a[0].sentences)


def compare_several_runs(a: Sequence[TaggedRun], b: Sequence[TaggedRun]) -> SidesComparison:
    """Score all runs on the same sentences.

    Raises:
        UserError: a side has one run only, or one twice.
        DataError: words or gold tags differ; names the first place.
    """
    for name, side in (("baseline", a), ("candidate", b)):
        _check_side(name, side)
    runs = [*a, *b]
    for run in runs[1:]:
        check_same_gold(runs[0], run)
    gold = runs[0].sentences.gold
    scheme = recognise_scheme(gold, {tag for run in runs for tags in run.predicted for tag in tags})
    pairs = [pair_sentences(gold, run.predicted, scheme) for run in runs]
    types = sorted({name for rows in pairs for name in list_types(rows)})
    counts = [count_pairs(rows, types, lambda _, entity: entity.type) for rows in pairs]
    joined = [run.join_groups() for run in counts]
    right = [[not list_errors(row) for row in rows] for rows in pairs]
    shares = {number: (sum(row[: len(a)]), sum(row[len(a) :])) for number, row in enumerate(zip(*right, strict=True))}
    gaps = {number: abs(in_b / len(b) - in_a / len(a)) for number, (in_a, in_b) in shares.items()}
    return SidesComparison(
        a=a,
        b=b,
        scheme=scheme,
        types=dict(zip(types, compare_sides(counts[: len(a)], counts[len(a) :]), strict=True)),
        micro=compare_sides(joined[: len(a)], joined[len(a) :])[0],
        right={number: shares[number] for number in sorted(gaps, key=lambda one: -gaps[one]) if gaps[number]},
    )


def _check_side(name: str, side: Sequence[TaggedRun]) -> None:
    """Refuse a side of which nobody knows how much its runs differ.

    Raises:
        UserError: it has one run only, or one twice.
    """
    if len(side) < 2:
        raise UserError(
            f"--{name}: one run says nothing of how much runs differ; accepted: two or more on each side, or one on "
            "each; train again with another --seed"
        )
    files = [run.path.resolve() for run in side]
    for run, file in zip(side, files, strict=True):
        if files.count(file) > 1:
            raise UserError(f"--{name}: {run.path} is given twice; accepted are different runs; leave one out")


def format_sides(comparison: SidesComparison) -> str:
    """Format the comparison as text, scores in percent."""
    rows = [["F1", "A", "+-", "B", "+-", "B - A", f"{CONFIDENCE:.0%} interval", "p", "gold"]]
    rows += [_list_cells(name, row) for name, row in comparison.types.items()]
    rows.append(_list_cells("all (micro)", comparison.micro))
    lines = [f"{name}  {run.path}" for name, side in (("A", comparison.a), ("B", comparison.b)) for run in side]
    lines += [
        f"{comparison.sentences:,} sentences, scheme {comparison.scheme}",
        "",
        *format_table(rows).split("\n"),
        "",
        f"Means and standard deviations of {len(comparison.a)} and {len(comparison.b)} runs.",
        f"Test and intervals: {TEST}.",
        f"p = {comparison.micro.p_value:.4f}: {_judge(comparison.micro)}",
    ]
    for title, is_better in (("more", True), ("less", False)):
        chosen = _choose_sentences(comparison, is_better)
        lines += ["", f"{len(chosen):,} sentences that B gets right {title} often{':' if chosen else ''}"]
        for number in islice(chosen, LISTED_SENTENCES):
            in_a, in_b = comparison.right[number]
            found = f"right in {in_a} of {len(comparison.a)} runs of A, in {in_b} of {len(comparison.b)} of B"
            lines += [f"  {comparison.b[0].place(number)}: {found}", f"    {shorten(comparison.b[0], number)}"]
    return "\n".join(map(make_printable, lines))


def build_sides_record(comparison: SidesComparison) -> dict[str, object]:
    """Build the comparison for JSON, scores as fractions."""
    run = comparison.b[0]
    return {
        "a": [str(one.path) for one in comparison.a],
        "b": [str(one.path) for one in comparison.b],
        "sentences": comparison.sentences,
        "sha256_of_words_and_gold": checksum_gold(run.sentences),
        "scheme": str(comparison.scheme),
        "test": {"name": TEST, "confidence": CONFIDENCE, "replicates": REPLICATES, "seed": SEED},
        "micro_f1": _dump(comparison.micro),
        "types": {name: _dump(row) for name, row in comparison.types.items()},
    } | {
        title: {
            "number": len(chosen),
            "first": [
                {
                    "line": run.sentences.lines[number],
                    "words": run.sentences.tokens[number],
                    "runs_right": dict(zip("ab", comparison.right[number], strict=True)),
                }
                for number in chosen[:LISTED_SENTENCES]
            ],
        }
        for title, is_better in (("better", True), ("worse", False))
        for chosen in [_choose_sentences(comparison, is_better)]
    }


def _choose_sentences(comparison: SidesComparison, is_better: bool) -> list[int]:
    """Return the sentences that B gets right more often than A, or less often."""
    return [
        number
        for number, (in_a, in_b) in comparison.right.items()
        if (in_b / len(comparison.b) > in_a / len(comparison.a)) == is_better
    ]


def _dump(row: SidesDifference) -> dict[str, float]:
    return asdict(row) | {"difference": row.value}


def _list_cells(name: str, row: SidesDifference) -> list[str]:
    scores = [f"{100 * value:.2f}" for value in (row.a, row.deviation_a, row.b, row.deviation_b)]
    interval = f"{100 * row.low:+.2f} .. {100 * row.high:+.2f}"
    return [name, *scores, f"{100 * row.value:+.2f}", interval, f"{row.p_value:.4f}", f"{row.gold:,}"]


def _judge(row: SidesDifference) -> str:
    if row.p_value >= SURE:
        return "the difference may be due to chance."
    return f"{'B' if row.value > 0 else 'A'} is better."
