"""Runs a command again and again, and has another one of its changes to the disk fail each time.

`LD_PRELOAD=faults.so python drive.py MOST SCENARIO ...` prints what was found as JSON. `MOST` bounds the number of
faults of each kind: with fewer than the command makes changes, every k-th is taken. Each run is a fork, so that the
libraries are imported once.
"""

import ctypes
import errno
import gc
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from faults.scenarios import REFUSED, SCENARIOS, Scenario

FAULTS = {
    "ENOSPC": (errno.ENOSPC, True),
    "EROFS": (errno.EROFS, True),
    "EINTR": (errno.EINTR, False),
    "SIGKILL": (-1, True),
}
"""Name -> error number (below 0: a kill), and whether all later changes fail as well"""


@dataclass
class Ending:
    """How a run of the command ended."""

    code: int
    """Exit code; below 0 the signal"""
    changes: int
    """How many changes it tried; 0 for one that was killed"""
    message: str
    """What it wrote to stderr"""


def run_once(scenario: Scenario, base: Path, chosen: int = 0, number: int = 0, lasting: bool = False) -> Ending:
    """Run the command in a fork, with the chosen change to its work folder failing (0: none)."""
    library = ctypes.CDLL(None)
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        output = os.open(base / "stderr.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        library.faults_arm(os.fsencode(base / "work"), ctypes.c_long(chosen), number, int(lasting))
        code = scenario.run(base)
        changes = library.faults_count()
        library.faults_arm(b"", ctypes.c_long(0), 0, 0)
        os.write(writer, str(changes).encode())
        sys.stderr.flush()
        os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        changes = int(pipe.read() or 0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return Ending(code, changes, (base / "stderr.txt").read_text(errors="replace"))


def find_violations(scenario: Scenario, base: Path, ending: Ending, old: dict, new: dict, inputs: dict) -> list:
    """What is not as it must be after a run with a fault: words for people; empty if all is well."""
    found = []
    if read_folder(base / "inputs") != inputs:
        found.append("an input was changed")
    if ending.code not in (*scenario.good_codes, 2, -9):
        found.append(f"exit code {ending.code}: {ending.message[-1500:]!r}")
    if "Traceback" in ending.message or (ending.code == 2 and "error: " not in ending.message):
        found.append(f"stderr: {ending.message[-1500:]!r}")
    state = scenario.observe(base / "work")
    if ending.code in scenario.good_codes and state != new:
        found.append("ended well without the new results")
    for name, found_there in state.items():
        if found_there not in (old[name], new[name], REFUSED):
            found.append(f"{name}: neither the old nor the new results: {str(found_there)[:300]}")
    if state == new and not scenario.repeats:
        return found
    again = run_once(scenario, base)
    if again.code not in scenario.good_codes:
        found.append(f"the same command again: exit code {again.code}: {again.message[-1500:]!r}")
    elif scenario.observe(base / "work") != new:
        found.append("the same command again gave other results")
    left = [path.name for path in (base / "work").rglob(".*") if path.name.startswith((".unfinished-", ".decided"))]
    return found + ([f"left behind: {left}"] if left and scenario.is_tidy else [])


def read_folder(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def drive(name: str, most: int) -> dict:
    """Let each kind of fault happen at every change of a command (or at `most` of them)."""
    scenario = SCENARIOS[name]()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        start, base = Path(folder) / "start", Path(folder) / "base"
        (start / "inputs").mkdir(parents=True)
        (start / "work").mkdir()
        scenario.prepare(start)
        inputs, old = read_folder(start / "inputs"), scenario.observe(start / "work")
        shutil.copytree(start, base)
        whole = run_once(scenario, base)
        new = scenario.observe(base / "work")
        assert whole.code in scenario.good_codes, whole.message
        assert old != new, "nothing to see"
        step = max(1, -(-whole.changes // most))
        violations, codes = [], {fault: Counter() for fault in FAULTS}
        for fault, (number, lasting) in FAULTS.items():
            for chosen in range(1, whole.changes + 1, step):
                shutil.rmtree(base)
                shutil.copytree(start, base)
                ending = run_once(scenario, base, chosen, number, lasting)
                codes[fault][ending.code] += 1
                found = find_violations(scenario, base, ending, old, new, inputs)
                violations += [f"{fault} at change {chosen} of {whole.changes}: {text}" for text in found]
    return {"changes": whole.changes, "codes": codes, "violations": violations}


if __name__ == "__main__":
    gc.freeze()  # otherwise the collector of each fork looks at, and so copies, all that was imported
    print(json.dumps({name: drive(name, int(sys.argv[1])) for name in sys.argv[2:]}))
