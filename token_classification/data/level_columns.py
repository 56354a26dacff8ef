"""The columns of tags of nested entities: one for each level, outermost first."""

from token_classification.errors import UserError

LEVEL_NAMES = ("outer", "inner")
"""Names of the first two levels; those of further ones count on: level_3, level_4 ..."""


def name_levels(count: int) -> list[str]:
    """Name the levels of nested entities, outermost first.

    >>> name_levels(3)
    ['outer', 'inner', 'level_3']
    """
    return [LEVEL_NAMES[place] if place < len(LEVEL_NAMES) else f"level_{place + 1}" for place in range(count)]


def split_columns(label_column: str | None) -> list[str]:
    """Return the columns of tags that are asked for: none, one, or one for each level.

    >>> split_columns("2,3")
    ['2', '3']

    Raises:
        UserError: a column has no name, or is named twice.
    """
    if label_column is None:
        return []
    columns = [name.strip() for name in label_column.split(",")]
    if len(columns) > 1 and ("" in columns or len(set(columns)) < len(columns)):
        raise UserError(
            f"--label_column_name {label_column!r}: {len(columns)} columns, of which one has no name or is named "
            "twice; accepted: one column of tags, or one for each level of nested entities, outermost first; type "
            "e.g. --label_column_name 2,3"
        )
    return columns
