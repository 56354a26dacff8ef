#!/usr/bin/env python
"""Speed of `token_classification serve`, of `infer` on the same texts, and of a FastAPI wrapper around the pipeline.

python benchmarks/serve_speed.py MODEL TEXT_FILE [--pipeline_model MODEL] [--rounds 5] [--clients 50] [--seconds 6]

MODEL is served and given to `infer`; `--pipeline_model` is what the wrapper (pipeline_wrapper.py) loads, if MODEL is
exported. The sentences of TEXT_FILE are the texts, one a request, in random order. All sides run in turn in every
round, each server under full load (so many clients, each with a connection that stays open), then with a lone client,
then under half of the load that it could answer in that round, arriving at random times. Ratios are taken round by
round. The load generator (http_load.py) runs on the same cores; what it takes of one is printed. Ends with exit code 1
if our server lost a request or refused one.
"""

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from servers import (
    Server,
    ask,
    describe_machine,
    list_failures,
    read_texts,
    run_load,
    start_ours,
    start_server,
    write_requests,
)

SPEED = re.compile(r"([\d,]+) records in ([\d.]+) s")
HUGGING_FACE, ENTITIES, THREADS, LOOP = "serve, /", "serve, /v1/entities", "wrapper, def", "wrapper, async def"
OURS = (HUGGING_FACE, ENTITIES)


def main() -> int:
    """Measure all sides in turn and print the tables."""
    options = parse_arguments()
    print(describe_machine(), flush=True)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        texts = random.Random(0).sample(found := read_texts(options.text_file), len(found))
        sides = open_sides(options, folder, texts, stack)
        rounds = {side: [] for side in sides}
        infer_speeds = []
        for number in range(options.rounds + 1):
            speed = run_infer(options, folder, texts, number)
            measured = {side: measure(options, *where) for side, where in sides.items()}
            # The first round is for caches and kernels.
            if number:
                infer_speeds.append(speed)
                for side, counts in measured.items():
                    rounds[side].append(counts)
            print(f"round {number}: load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
        print_speeds(options, len(texts), infer_speeds, rounds)
        print_latencies(rounds)
        for side in OURS:
            print_agreement(side, sides[side][1], folder / "infer-1" / "predictions.jsonl")
    return print_failures(rounds)


def parse_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("text_file")
    parser.add_argument("--pipeline_model", help="what the wrapper loads (default: MODEL)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=6, help="of full load; half load takes twice as long")
    parser.add_argument("--infer_texts", type=int, default=10_000, help="how many texts `infer` gets, at least")
    parser.add_argument("--serve_flags", nargs=argparse.REMAINDER, default=[], help="flags of our server; the last")
    return parser.parse_args()


def open_sides(
    options: argparse.Namespace, folder: Path, texts: list[str], stack: ExitStack
) -> dict[str, tuple[Server, Path]]:
    """Start the servers; return the name of each side -> its server and the file of its requests."""
    ours = stack.enter_context(start_ours(options.model, folder, *options.serve_flags))
    wrapper_folder = str(Path(__file__).resolve().parent)
    command = [sys.executable, "-m", "uvicorn", "--app-dir", wrapper_folder, "pipeline_wrapper:app", "--port", "0"]
    model = str(Path(options.pipeline_model or options.model).resolve())
    wrapper = stack.enter_context(start_server(command, folder, None, MODEL=model))
    requests = {
        HUGGING_FACE: [ask("/", {"inputs": text}) for text in texts],
        ENTITIES: [ask("/v1/entities", {"texts": [text]}) for text in texts],
        THREADS: [ask("/", {"inputs": text}) for text in texts],
        LOOP: [ask("/async", {"inputs": text}) for text in texts],
    }
    return {
        side: (ours if side in OURS else wrapper, write_requests(folder / f"requests-{number}.jsonl", asked))
        for number, (side, asked) in enumerate(requests.items())
    }


def run_infer(options: argparse.Namespace, folder: Path, texts: list[str], number: int) -> float:
    """Tag the texts with `infer`, over and over if they are few; return texts a second, without the start."""
    times = -(-options.infer_texts // len(texts))
    input_file = folder / "texts.jsonl"
    input_file.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts * times), encoding="utf-8")
    command = ["-m", "token_classification", "infer", "-m", options.model, "--input_file", str(input_file)]
    kept = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, *command, "-r", str(folder / f"infer-{number}")],
        capture_output=True,
        text=True,
        check=False,
        env=kept,
    )
    found = SPEED.search(done.stderr + done.stdout)
    if done.returncode or not found:
        sys.exit(done.stderr)
    return int(found[1].replace(",", "")) / float(found[2])


def measure(options: argparse.Namespace, server: Server, requests: Path) -> dict[str, dict]:
    """Measure a server under full load, with a lone client, and under half of the load."""
    answers = requests.with_suffix(".answers")
    full = run_load(server, requests, clients=options.clients, seconds=options.seconds, answers=answers)
    lone = run_load(server, requests, clients=1, seconds=options.seconds / 2)
    rate = full["per_second"] / 2
    half = run_load(server, requests, clients=options.clients, rate=rate, seconds=2 * options.seconds, seed=0)
    return {"full": full, "lone": lone, "half": half}


def spread(values: list[float], form: str = ",.0f") -> str:
    """Format the median, the least and the most."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} - {max(values):{form}})"


def print_speeds(
    options: argparse.Namespace, texts: int, infer_speeds: list[float], rounds: dict[str, list[dict]]
) -> None:
    """Print a row per side with texts a second at full load; the wrapper is taken in the way that is faster."""
    speeds = {side: [one["full"]["per_second"] for one in found] for side, found in rounds.items()}
    best = max((THREADS, LOOP), key=lambda side: statistics.median(speeds[side]))
    print(f"\n{texts:,} texts, {options.clients} clients, {options.rounds} rounds of {options.seconds:g} s\n")
    print("| side | texts/s (min - max) | share of `infer` | times the wrapper | CPU ms a text | client's CPU share |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    print(f"| infer | {spread(infer_speeds)} | 100% | | | |")
    for side, values in speeds.items():
        shares = [value / infer for value, infer in zip(values, infer_speeds, strict=True)]
        ratios = [value / other for value, other in zip(values, speeds[best], strict=True)]
        full = [one["full"] for one in rounds[side]]
        cpu = statistics.median(one["server_cpu_ms_per_request"] for one in full)
        client = statistics.median(one["client_cpu_share"] for one in full)
        print(
            f"| {side} | {spread(values)} | {spread(shares, '.0%')} | {spread(ratios, '.2f')} "
            f"| {cpu:.2f} | {client:.0%} |"
        )


def print_latencies(rounds: dict[str, list[dict]]) -> None:
    """Print the latencies of all sides: the median over the rounds of each percentile."""
    print(
        "\n| side | full load: p50, p95, p99 ms | lone request: p50, p99 ms | half load: requests/s | p50, p99 ms "
        "| p99 / lone p50 |\n| --- | ---: | ---: | ---: | ---: | ---: |"
    )
    for side, found in rounds.items():

        def take(load: str, *names: str, found=found) -> str:
            return ", ".join(
                f"{statistics.median(one[load]['latency_ms'][name] for one in found):,.1f}" for name in names
            )

        ratios = [one["half"]["latency_ms"]["p99"] / one["lone"]["latency_ms"]["p50"] for one in found]
        rate = statistics.median(one["half"]["per_second"] for one in found)
        print(
            f"| {side} | {take('full', 'p50', 'p95', 'p99')} | {take('lone', 'p50', 'p99')} | {rate:,.0f} "
            f"| {take('half', 'p50', 'p99')} | {spread(ratios, '.1f')} |"
        )
    late = max(one["half"]["late_ms"]["p99"] for found in rounds.values() for one in found)
    print(f"\nRequests of half load were sent at most {late:.1f} ms (p99) after they were due; that is counted.")


def print_agreement(side: str, requests: Path, predictions: Path) -> None:
    """Print how many texts have the entities that `infer` finds."""
    expected = [json.loads(line)["entities"] for line in predictions.read_text(encoding="utf-8").splitlines()]
    lines = requests.with_suffix(".answers").read_text(encoding="utf-8").splitlines()
    answers = {(record := json.loads(line))["line"]: json.loads(record["body"]) for line in lines}
    equal = sum(read_entities(body) == read_entities(expected[line]) for line, body in answers.items())
    print(f"{side}: {equal:,} of {len(answers):,} texts have the entities of `infer`")


def read_entities(body: object) -> list[tuple[int, int, str]]:
    """Read start, end and label of the entities of an answer."""
    entities = body if isinstance(body, list) else body["results"][0]["entities"]
    return [(one["start"], one["end"], one.get("entity_group") or one["label"]) for one in entities]


def print_failures(rounds: dict[str, list[dict]]) -> int:
    """Print how many requests were answered and what failed; return the exit code."""
    code = 0
    for side, found in rounds.items():
        runs = [counts for one in found for counts in one.values()]
        answered = sum(sum(one["answered"].values()) for one in runs)
        failures = [list_failures(one) for one in runs]
        print(f"{side}: {answered:,} requests answered; failures: {[one for one in failures if one] or 'none'}")
        if side in OURS and any(failures):
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main())
