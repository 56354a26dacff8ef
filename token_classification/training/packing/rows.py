"""Which windows share a row."""

import heapq
from collections.abc import Sequence

ROUND_TO = 16
"""Rows are a multiple of this many positions long: oneDNN compiles each matrix product anew for each shape, and there
are a sixteenth as many of them. At batch size 8 that is worth 20 % of the time and 25 % of the memory (WNUT'17)."""

EVEN_LENGTH = 512
"""Row length at which attention is taken to cost as much as the rest of a layer; its order of magnitude matters."""

LONG_ROW = 512
"""Positions of a row where attention does not grow with them, unless windows are longer: masks grow all the same"""


def plan_rows(lengths: Sequence[int], longest_row: int, has_long_rows: bool = False) -> list[list[int]]:
    """Share windows out over the number of rows that costs least.

    A position costs the same anywhere but for attention, which grows with the length of its row. Tried are rows that
    are about as long as the longest window, up to twice as long, and one row for each window. Where attention takes
    rows apart again, they are as long as they can be: then the fewest positions are padding.

    Args:
        lengths: Positions of each window, none above `longest_row`.
        longest_row: Most positions of a row.
        has_long_rows: Whether attention costs no more where rows are long.

    Returns:
        The windows of each row, ascending; rows in the order of their first windows.
    """
    # About eight plans, however many windows there are.
    if has_long_rows:
        longest_row = min(longest_row, max(LONG_ROW, *lengths))
        fewest = -(-sum(lengths) // longest_row)
        counts = range(fewest, fewest + 3 + fewest // 4)
    else:
        most = -(-sum(lengths) // max(lengths))
        counts = range(most, most // 2, -max(1, most // 16))
    plans = [[[place] for place in range(len(lengths))]]
    plans += [share_out(lengths, count) for count in counts]

    def measure_cost(rows: list[list[int]]) -> float:
        longest = max(sum(lengths[place] for place in row) for row in rows)
        if longest > longest_row:
            return float("inf")
        length = round_up(longest, longest_row)
        return len(rows) * length * (1 if has_long_rows else length + EVEN_LENGTH)

    costs = [measure_cost(rows) for rows in plans]
    return sorted(plans[costs.index(min(costs))])


def share_out(lengths: Sequence[int], count: int) -> list[list[int]]:
    """Share windows out over `count` rows: the longest first, each to the row that is shortest then (Graham, 1969)."""
    rows: list[tuple[int, int, list[int]]] = [(0, number, []) for number in range(count)]
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        filled, number, row = rows[0]
        heapq.heapreplace(rows, (filled + lengths[place], number, [*row, place]))
    return [sorted(row) for _, _, row in rows if row]


def round_up(length: int, longest_row: int) -> int:
    """Return the next multiple of `ROUND_TO`, but no longer than a row can be."""
    return min(-(-length // ROUND_TO) * ROUND_TO, longest_row)
