"""The one layout of tables for the terminal and for text files."""

from collections.abc import Collection, Sequence

from token_classification.output_text import make_printable

GAP = "  "


def format_table(rows: Sequence[Sequence[str]], left: Collection[int] = (0,)) -> str:
    r"""Lay out rows of cells in columns that are as wide as their widest cell.

    Args:
        rows: All of one length, the head among them; a cell with nothing to say is empty.
        left: Columns that are flush left; the others, of numbers, are flush right.

    Returns:
        A line per row without blanks at its end, and no line end behind the last.

    >>> print(format_table([["type", "F1"], ["PER", "87.50"], ["all", "100.00"]]))
    type      F1
    PER    87.50
    all   100.00
    """
    cells = [[*map(make_printable, row)] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        GAP.join(
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )
