"""`report.html`: one page that needs nothing but itself, with a browser of the errors."""

from typing import Any

from token_classification.data.schemes import Scheme
from token_classification.reporting.evaluation import Evaluation
from token_classification.reporting.web_page import SHARED, build_web_page
from token_classification.scoring.error_classes import EntityPair, ErrorClass

BROWSED_SENTENCES = 20_000
"""How many sentences the page holds, worst first: a browser reads them at once, and they take a few megabytes"""
ABSENT = -1


def build_page(record: dict[str, Any], evaluation: Evaluation) -> str:
    """Build the page of an evaluation."""
    matrix = record["tag_confusions"] if "counts" in record["tag_confusions"] else None
    data = record | {"browser": list_rows(evaluation), "tag_confusions": matrix}
    return build_web_page(SHARED, "report", "Evaluation report", data).text


def list_rows(evaluation: Evaluation) -> dict[str, Any]:
    """List the sentences for the browser as compact rows, those with most errors first.

    Returns:
        `classes` and `types`, names that the rows refer to by number; `rows`, each
        `[line, words, [[class, gold type, start, end, predicted type, start, end], ...]]`, with -1 for what is absent;
        `left_out`, how many sentences are not among them. With plain tags, right words are not listed.
    """
    split = evaluation.split
    is_plain = split.scheme == Scheme.PLAIN
    types = {name: place for place, name in enumerate(evaluation.types)}
    wrong = [[pair for pair in row if pair.error != ErrorClass.CORRECT] for row in evaluation.pairs]
    listed = wrong if is_plain else evaluation.pairs
    order = sorted(range(len(wrong)), key=lambda number: -len(wrong[number]))
    rows = [
        [
            split.sentences.lines[number],
            split.sentences.tokens[number],
            [_pack(pair, types) for pair in listed[number]],
        ]
        for number in order[:BROWSED_SENTENCES]
    ]
    return {
        "classes": list(ErrorClass),
        "types": list(types),
        "plain": is_plain,
        "rows": rows,
        "left_out": max(len(order) - BROWSED_SENTENCES, 0),
    }


def _pack(pair: EntityPair, types: dict[str, int]) -> list[int]:
    packed = [list(ErrorClass).index(pair.error)]
    for side in (pair.gold, pair.predicted):
        packed += [ABSENT] * 3 if side is None else [types[side.type], side.start, side.end]
    return packed
