#!/usr/bin/env python
"""A Ray cluster of two machines, one of which is lost, and a first process that is killed: are all records there?

python benchmarks/ray_nodes.py MODEL TEXT_FILE [--records 30000] [FLAGS OF INFER]

The machines are two network namespaces of this one, joined by a cable, with a Ray node each; making them takes root
and `ip` (iproute2). TEXT_FILE has a text a line, which are repeated until there are enough records. One process tags
them first. Then `infer --engine ray` starts in the first namespace. At a quarter of the records, every process in the
second one gets SIGKILL; at half of them the first process of `infer`; and the same command with `--resume`, on two
nodes again, has to arrive at the same records. Exits with 1 if it does not.
"""

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

NODES = {"ner-first": "10.77.0.1", "ner-second": "10.77.0.2"}
FIRST, SECOND = NODES
PORT = 6379
ADDRESS = f"{NODES[FIRST]}:{PORT}"
OBJECT_STORE = 200 * 2**20
PATIENCE = 900


def main(arguments: Sequence[str] | None = None) -> int:
    """Tag, kill, go on, compare and print what happened."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("text_file", type=Path)
    parser.add_argument("--records", type=int, default=30_000)
    options, flags = parser.parse_known_args(arguments)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        texts = write_records(options.text_file, folder / "texts.jsonl", options.records)
        command = [
            sys.executable,
            "-m",
            "token_classification",
            "infer",
            "-m",
            options.model,
            "--input_file",
            str(texts),
        ]
        command += flags
        start = time.monotonic()
        subprocess.run([*command, "-r", str(folder / "one")], cwd=ROOT, env=set_environment(), check=True)
        print(f"one process: {time.monotonic() - start:.0f} s")
        command += ["-r", str(folder / "ray"), "--engine", "ray", "--ray_address", ADDRESS, "--num_workers", "2"]
        with join_namespaces():
            start_node(FIRST, folder)
            start_node(SECOND, folder)
            lose_node_and_first_process(command, folder / "ray", options.records)
            start_node(SECOND, folder)
            start, used = time.monotonic(), measure_children()
            subprocess.run([*enter(FIRST), *command, "--resume"], cwd=ROOT, env=set_environment(), check=True)
            print(f"resumed: {time.monotonic() - start:.0f} s; {measure_children() - used:.0f} s of processor time")
        return compare(folder / "one", folder / "ray", options.records)


def set_environment() -> dict[str, str]:
    """One thread for each process, no reports to Ray's makers, and no token that an earlier cluster left behind."""
    own = {"OMP_NUM_THREADS": "1", "RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}
    return os.environ | own | {"PYTHONPATH": str(ROOT)}


def measure_children() -> float:
    """Return the processor time of what has run and ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def write_records(source: Path, target: Path, count: int) -> Path:
    """Write texts with their numbers; one in a thousand is broken."""
    texts = [line for line in source.read_text(encoding="utf-8").splitlines() if line.strip()]
    with target.open("w", encoding="utf-8") as file:
        for number, text in enumerate(islice(cycle(texts), count)):
            broken = number % 1000 == 500
            file.write("{broken\n" if broken else json.dumps({"id": number, "text": text}, ensure_ascii=False) + "\n")
    return target


@contextmanager
def join_namespaces() -> Iterator[None]:
    """Make two network namespaces with a cable between them; whatever runs there at the end is killed."""
    try:
        for name in NODES:
            run_ip("netns", "add", name)
        run_ip("link", "add", "cable", "netns", FIRST, "type", "veth", "peer", "name", "cable", "netns", SECOND)
        for name, address in NODES.items():
            run_ip("-n", name, "link", "set", "lo", "up")
            run_ip("-n", name, "address", "add", f"{address}/24", "dev", "cable")
            run_ip("-n", name, "link", "set", "cable", "up")
        yield
    finally:
        for name in NODES:
            kill_namespace(name)
            subprocess.run(["ip", "netns", "delete", name], check=False)


def run_ip(*words: str) -> None:
    """Run `ip`."""
    subprocess.run(["ip", *words], check=True)


def enter(name: str) -> list[str]:
    """Return how a command begins that runs in a namespace."""
    return ["ip", "netns", "exec", name]


def start_node(name: str, folder: Path) -> None:
    """Start Ray in a namespace: its first node, or one that joins it."""
    role = ["--head", "--port", str(PORT), "--include-dashboard=false"] if name == FIRST else ["--address", ADDRESS]
    command = [*enter(name), str(Path(sys.executable).with_name("ray")), "start", *role, "--num-cpus", "1"]
    command += ["--node-ip-address", NODES[name], "--object-store-memory", str(OBJECT_STORE)]
    if name == FIRST:
        command += ["--temp-dir", str(folder / "session")]
    subprocess.run(command, env=set_environment(), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill_namespace(name: str) -> None:
    """Kill every process of a namespace at once, as losing a machine does."""
    listed = subprocess.run(["ip", "netns", "pids", name], check=False, capture_output=True, text=True)
    for pid in map(int, listed.stdout.split()):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # it has ended meanwhile


def lose_node_and_first_process(command: Sequence[str], folder: Path, records: int) -> None:
    """Start tagging, kill the second node, and later the first process."""
    start = time.monotonic()
    process = subprocess.Popen([*enter(FIRST), *command], cwd=ROOT, env=set_environment())
    for share, kill in ((0.25, lambda: kill_namespace(SECOND)), (0.5, process.kill)):
        while (done := count_lines(folder)) < share * records:
            if process.poll() is not None or time.monotonic() - start > PATIENCE:
                raise SystemExit(f"infer ended or hung at {done} records")
            time.sleep(0.05)
        kill()
        victim = "second node" if share < 0.5 else "first process"
        print(f"{time.monotonic() - start:.0f} s: killed the {victim} at {done:,}")
    process.wait()


def count_lines(folder: Path) -> int:
    """Return how many records are written, finished or not."""
    count = 0
    for path in folder.rglob("*.jsonl*"):
        try:
            count += path.read_bytes().count(b"\n")
        except FileNotFoundError:
            continue  # it has got its name meanwhile
    return count


def compare(one: Path, other: Path, records: int) -> int:
    """Print whether two folders of results hold the same records, and each once."""
    sides = [
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.jsonl")} for folder in (one, other)
    ]
    ids = [
        json.loads(line)["id"]
        for name, content in sides[1].items()
        for line in content.splitlines()
        if "errors" not in str(name)
    ]
    bad = sum(len(content.splitlines()) for name, content in sides[1].items() if "errors" in str(name))
    is_equal = sides[0] == sides[1]
    twice, missing = len(ids) - len(set(ids)), records - len(ids) - bad
    print(f"{len(ids):,} records and {bad} bad ones; {twice} twice; {missing} missing; ", end="")
    print(f"files {'equal' if is_equal else 'DIFFERENT'}, byte for byte")
    return 0 if is_equal and len(set(ids)) == len(ids) == records - bad else 1


if __name__ == "__main__":
    sys.exit(main())
