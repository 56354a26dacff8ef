"""What `--time_budget` asks for: a time, and with it the settings that `docs/recipes.md` measured."""

import re

from token_classification.arguments.measured_recipe import MEASURED_RECIPE
from token_classification.errors import UserError

UNITS = {"h": 3600, "m": 60, "s": 1}
FLAG = "--time_budget"
OF_A_BUDGET = {**MEASURED_RECIPE, "save_strategy": "no"}
"""Flag of `run_ner.py` -> its value unless it is typed, too. Checkpoints take time that nobody has measured before."""


def read_time(text: str) -> float:
    """Read a time with its units, as seconds.

    Raises:
        UserError: it is none.

    >>> read_time("20m"), read_time("1h30m"), read_time("90s")
    (1200.0, 5400.0, 90.0)
    """
    seconds = 0.0
    if re.fullmatch(r"(?:\d+(?:\.\d+)?[hms])+", text):
        seconds = sum(float(number) * UNITS[unit] for number, unit in re.findall(r"([\d.]+)([hms])", text))
    if seconds <= 0:
        raise UserError(f"{FLAG} {text}: accepted is a time above 0 with its units, such as 90s, 20m or 1h30m.")
    return seconds
