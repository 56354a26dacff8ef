#!/usr/bin/env python
"""Whether `token_classification serve` lasts: many requests, twice the load that it can take, and SIGTERM under load.

python benchmarks/serve_soak.py MODEL TEXT_FILE [--requests 200000] [--overload_s 60] [--kills 5] [--limit_mb 30]

The soak sends a mixture (single texts, lists, long texts, both protocols, broken JSON) and prints the memory of the
server at intervals; its growth counts from the first tenth of the requests on. For the overload the speed with lists
of texts is measured; then twice as many requests arrive for a minute, at random times; then the speed is measured
again. Then new servers are stopped with SIGTERM while clients send. Exit code 1 if a request that the server read is
not answered, if memory grows beyond the limit, if nothing was refused during the overload, or if the server is slower
after it.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from servers import (
    Server,
    ask,
    begin_load,
    describe_machine,
    list_failures,
    read_texts,
    run_load,
    start_ours,
    write_requests,
)

MEMORY_HEAD = "| answered | RSS MB | USS MB |\n| ---: | ---: | ---: |"
TEXTS_PER_LIST, TEXTS_IN_LONG = 8, 40
LEAST_SPEED_AFTER = 0.8
"""Share of the speed before the overload that the speed after it has at least; on a shared machine both vary"""


def main() -> int:
    """Run the three trials; return the exit code."""
    options = parse_arguments()
    print(describe_machine(), flush=True)
    texts = random.Random(0).sample(found := read_texts(options.text_file), len(found))
    problems = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mixture = write_requests(folder / "mixture.jsonl", mix_requests(texts))
        lists = write_requests(folder / "lists.jsonl", list_requests(texts))
        with start_ours(options.model, folder, *options.serve_flags) as server:
            if options.requests:
                problems += soak(server, mixture, options)
            if options.overload_s:
                problems += overload(server, lists, options)
            print(f"exit code after SIGTERM without load: {server.stop()}", flush=True)
        for number in range(options.kills):
            with start_ours(options.model, folder, *options.serve_flags) as server:
                problems += stop_under_load(server, mixture, number)
    print(
        "\n"
        + ("\n".join(problems) or "everything that the server read was answered, and memory stayed within the limit")
    )
    return 1 if problems else 0


def parse_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("text_file")
    parser.add_argument("--requests", type=int, default=200_000, help="of the soak; 0: none")
    parser.add_argument("--overload_s", type=float, default=60, help="seconds of twice the load; 0: none")
    parser.add_argument("--kills", type=int, default=5, help="how many servers are stopped under load")
    parser.add_argument("--limit_mb", type=float, default=30, help="what memory may grow by")
    parser.add_argument("--serve_flags", nargs=argparse.REMAINDER, default=[], help="flags of our server; the last")
    return parser.parse_args()


def mix_requests(texts: list[str]) -> list[dict]:
    """Return what a server gets in a day: mostly single texts, some lists and long texts, now and then a mistake."""
    generator, requests = random.Random(0), []
    for number, text in enumerate(texts):
        requests.append(ask("/v1/entities", {"texts": [text]}) if number % 4 == 0 else ask("/", {"inputs": text}))
        if number % 20 == 0:
            requests.append(ask("/", {"inputs": generator.sample(texts, min(TEXTS_PER_LIST, len(texts)))}))
        if number % 100 == 0:
            requests.append(ask("/", {"inputs": " ".join(generator.choices(texts, k=TEXTS_IN_LONG))}))
        if number % 50 == 0:
            requests.append(ask("/", '{"inputs": "broken', 400))
    return requests


def list_requests(texts: list[str]) -> list[dict]:
    """Return requests of several texts each."""
    lists = [texts[start : start + TEXTS_PER_LIST] for start in range(0, len(texts), TEXTS_PER_LIST)]
    return [ask("/", {"inputs": some}) for some in lists]


def soak(server: Server, mixture: Path, options: argparse.Namespace) -> list[str]:
    """Send the mixture over and over; print memory on the way, and return what is wrong."""
    every = max(options.requests // 20, 1)
    print(f"\nsoak: {options.requests:,} requests of 50 clients\n\n{MEMORY_HEAD}")
    counts, memory = watch(server, begin_load(server, mixture, requests=options.requests, report_every=every))
    print(f"\n{describe(counts)}", flush=True)
    return [f"soak: {failure}" for failure in list_failures(counts).items()] + judge_memory(
        "soak", memory[1:], options
    )


def overload(server: Server, lists: Path, options: argparse.Namespace) -> list[str]:
    """Let twice the requests arrive that the server can answer; return what is wrong."""
    run_load(server, lists, clients=50, seconds=2)
    before = run_load(server, lists, clients=50, seconds=10)
    rate = 2 * before["per_second"]
    print(
        f"\noverload: {before['per_second'] * TEXTS_PER_LIST:,.0f} texts/s before, in lists of {TEXTS_PER_LIST}; "
        f"then {rate * TEXTS_PER_LIST:,.0f} arrive for {options.overload_s:g} s\n\n{MEMORY_HEAD}"
    )
    flags = {"rate": rate, "seconds": options.overload_s, "most_connections": 8000}
    every = max(int(rate * options.overload_s / 12), 1)
    counts, memory = watch(server, begin_load(server, lists, report_every=every, **flags))
    print(f"\n{describe(counts)}")
    after = run_load(server, lists, clients=50, seconds=10)
    share = after["per_second"] / before["per_second"]
    print(f"{after['per_second'] * TEXTS_PER_LIST:,.0f} texts/s after, {share:.0%} of before", flush=True)
    failures = {**list_failures(after), **list_failures(counts)}
    problems = [f"overload: {name}: {number}" for name, number in failures.items() if name != "status 429"]
    if not counts["answered"].get("429"):
        problems.append("overload: nothing was refused with 429")
    if share < LEAST_SPEED_AFTER:
        problems.append(f"overload: only {share:.0%} of the speed is left after it")
    return problems + judge_memory("overload", memory, options)


def stop_under_load(server: Server, mixture: Path, number: int) -> list[str]:
    """Send SIGTERM while 50 clients send; return what is wrong."""
    process = begin_load(server, mixture, seconds=6)
    time.sleep(3 + number / 10)
    start = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    code = server.process.wait(60)
    seconds = time.monotonic() - start
    counts = json.loads(process.communicate()[0].splitlines()[-1])
    print(
        f"SIGTERM under load: exit code {code} after {seconds:.2f} s; {describe(counts)}; {counts['unread']} "
        "connections were closed before the server read the next request",
        flush=True,
    )
    expected = ("503", "unread", "failed_connections")
    failures = {name: value for name, value in list_failures(counts).items() if not name.endswith(expected)}
    return [f"SIGTERM: {name}: {value}" for name, value in failures.items()]


def watch(server: Server, process: subprocess.Popen) -> tuple[dict, list[tuple[float, float]]]:
    """Print the server's memory whenever the load generator says how far it is; return its counts, and the memory."""
    memory = [server.read_memory()]
    for line in process.stdout:
        counts = json.loads(line)
        if "answered_so_far" not in counts:
            return counts, memory
        memory.append(server.read_memory())
        print(f"| {counts['answered_so_far']:,} | {memory[-1][0]:.1f} | {memory[-1][1]:.1f} |", flush=True)
    sys.exit(f"the load generator ended with {process.wait()}")


def judge_memory(trial: str, memory: list[tuple[float, float]], options: argparse.Namespace) -> list[str]:
    """Compare the memory after the first tenth with the most of the last tenth."""
    few = max(len(memory) // 10, 1)
    before, after = memory[min(few, len(memory) - 1)], memory[-few:]
    growth = [max(one[kind] for one in after) - before[kind] for kind in (0, 1)]
    print(f"{trial}: memory grew by {growth[0]:.1f} MB (RSS), {growth[1]:.1f} MB (USS)", flush=True)
    return [f"{trial}: memory grew by {growth[0]:.1f} MB"] if growth[0] >= options.limit_mb else []


def describe(counts: dict) -> str:
    """Return a sentence about a run."""
    answered = ", ".join(f"{number:,} x {status}" for status, number in sorted(counts["answered"].items()))
    text = f"{answered} in {counts['seconds']:.0f} s; {counts['unanswered']} unanswered"
    if latency := counts["latency_ms"]:
        text += f"; p50 {latency['p50']:.0f}, p99 {latency['p99']:.0f} ms"
    if refused := counts["latency_429_ms"]:
        text += f"; 429 after p50 {refused['p50']:.0f}, p99 {refused['p99']:.0f} ms"
    return text


if __name__ == "__main__":
    sys.exit(main())
