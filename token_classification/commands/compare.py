"""`compare`: two runs on the same test set, or several runs of two ways to train, from their predictions on disk."""

import argparse

from token_classification.errors import UserError
from token_classification.quick_imports import quick_imports


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `compare`."""
    place = "output folder of a run, its report folder, or a predictions.conll"
    parser.add_argument("run_a", metavar="RUN_A", nargs="?", help=place)
    parser.add_argument("run_b", metavar="RUN_B", nargs="?", help="the run to compare with it")
    parser.add_argument("--baseline", metavar="RUN", nargs="+", help="several runs in place of RUN_A: other seeds")
    parser.add_argument("--candidate", metavar="RUN", nargs="+", help="several runs in place of RUN_B")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Print how two runs, or two sides of several runs, differ.

    Raises:
        UserError: other numbers of runs, a run has no predictions with gold, or the test sets are not the same.
    """
    baseline, candidate = choose_sides(options)
    with quick_imports():
        from token_classification.output_text import dump_json
        from token_classification.reporting import compare, compare_sides
    sides = [[compare.read_run(given) for given in side] for side in (baseline, candidate)]
    if len(baseline) == len(candidate) == 1:
        pair = compare.compare_runs(sides[0][0], sides[1][0])
        record, text = compare.build_comparison_record(pair), compare.format_comparison(pair)
    else:
        several = compare_sides.compare_several_runs(*sides)
        record, text = compare_sides.build_sides_record(several), compare_sides.format_sides(several)
    print(dump_json(record) if options.json else f"{text}\n", end="")
    return 0


def choose_sides(options: argparse.Namespace) -> tuple[list[str], list[str]]:
    """Return the runs of both sides.

    Raises:
        UserError: one side is missing, or both ways to name them are mixed.
    """
    pair, sides = [options.run_a, options.run_b], [options.baseline, options.candidate]
    if None not in pair and sides == [None, None]:
        return [options.run_a], [options.run_b]
    if None not in sides and pair == [None, None]:
        return options.baseline, options.candidate
    raise UserError(
        "compare needs two sides; accepted: two runs (compare RUN_A RUN_B), or several runs of each (compare "
        "--baseline RUN_A1 RUN_A2 ... --candidate RUN_B1 RUN_B2 ...); type one of these"
    )
