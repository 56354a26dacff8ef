"""`download_specs`: the sample specs in a folder."""

import argparse
from pathlib import Path

from token_classification.data.whole_files import write_file_set
from token_classification.errors import UserError

SPECS = Path(__file__).parent / "specs"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of `download_specs`."""
    parser.add_argument(
        "-o", "--target_data_dir", type=Path, metavar="DIR", required=True, help="where to write the specs"
    )
    parser.add_argument("-r", "--results_dir", metavar="RESULTS", help="accepted as in the other commands")


def run(options: argparse.Namespace) -> int:
    """Write the sample specs, all or none; files that are there already and differ are not overwritten.

    Raises:
        UserError: a spec of that name exists and is another one.
    """
    target = options.target_data_dir
    specs = sorted(SPECS.glob("*.yaml"))
    changed = [
        str(target / spec.name)
        for spec in specs
        if (target / spec.name).exists() and (target / spec.name).read_bytes() != spec.read_bytes()
    ]
    if changed:
        raise UserError(f"{', '.join(changed)}: changed by you, so not overwritten; give another -o.")
    for path in write_file_set(target, {spec.name: spec.read_bytes() for spec in specs}):
        print(path)
    return 0
