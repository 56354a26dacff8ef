"""`make zoo`: every architecture on trial, beside what docs/models.md says of it.

`python -m zoo.table [--write] [--jobs N] [NAME ...]`, with this repository and its tests/ on PYTHONPATH.
"""

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

from zoo.cells import COLUMNS
from zoo.encoders import ARCHITECTURES
from zoo.examine import BUG, Cell, examine

ROOT = Path(__file__).parents[2]
RESULTS, PAGE = Path(__file__).with_name("results.json"), ROOT / "docs" / "models.md"
BEGIN, END = "<!-- made by `make zoo`: begin -->", "<!-- made by `make zoo`: end -->"

Results = dict[str, dict[str, Cell]]


def read_results() -> Results:
    """What was found when the page was made."""
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    return {name: {column: Cell(**cell) for column, cell in cells.items()} for name, cells in found.items()}


def write_results(results: Results) -> None:
    """Keep what was found, and put it into the page."""
    rows = {name: {column: asdict(cell) for column, cell in cells.items()} for name, cells in sorted(results.items())}
    RESULTS.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{format_results(results)}{END}{rest.partition(END)[2]}", encoding="utf-8")


def format_results(results: Results) -> str:
    """The table, and under it what the user is told where a cell needs more than a word."""
    lines = [f"| `model_type` | {' | '.join(COLUMNS)} |", "| --- |" + " --- |" * len(COLUMNS)]
    remarks: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for name, cells in sorted(results.items()):
        lines.append(f"| {name} | " + " | ".join(cells[column].answer for column in COLUMNS) + " |")
        for column, cell in cells.items():
            if cell.remark:
                remarks[column, cell.answer, cell.remark].append(name)
    for column in COLUMNS:
        if told := [(key, names) for key, names in remarks.items() if key[0] == column]:
            lines += ["", f"**{column}**", ""]
            lines += [f"- {answer} ({', '.join(names)}): {remark}" for (_, answer, remark), names in told]
    return "\n".join(lines) + "\n"


def timed(name: str) -> tuple[dict[str, Cell], float]:
    """One row, and the seconds it took."""
    start = time.perf_counter()
    return examine(name), time.perf_counter() - start


def run_rows(names: list[str], jobs: int, keep: Callable[[Results], None]) -> Results:
    """Try all of these architectures in some processes; print and keep each as it is done."""
    results: Results = {}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(timed, name): name for name in names}
        for done in as_completed(waiting):
            cells, seconds = done.result()
            results[waiting[done]] = cells
            answers = " ".join(f"{column}={cell.answer}" for column, cell in cells.items())
            print(f"{waiting[done]:22} {seconds:5.1f} s  {answers}", flush=True)
            keep(results)
    return results


def list_differences(found: Results, expected: Results) -> list[str]:
    """A line for each cell that is not what the page says, and for each bug."""
    lines = []
    for name, cells in sorted(found.items()):
        for column, cell in cells.items():
            if cell.answer == BUG:
                lines.append(f"{name}, {column}: {cell.remark}")
            elif cell != expected.get(name, {}).get(column):
                lines.append(f"{name}, {column}: {cell}, but the page says {expected.get(name, {}).get(column)}")
    return lines


def main() -> int:
    """Run the rows; exit code 1 if they are not what the page says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[[], *ARCHITECTURES], metavar="NAME")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="put what is found into docs/models.md")
    options = parser.parse_args()
    expected = read_results() if RESULTS.exists() else {}

    def keep(results: Results) -> None:
        if options.write:
            write_results(expected | results)

    found = run_rows(options.names or list(ARCHITECTURES), options.jobs, keep)
    differences = list_differences(found, expected)
    print(format_results(found), *differences, sep="\n")
    return int(bool(differences))


if __name__ == "__main__":
    sys.exit(main())
