#!/usr/bin/env python
"""What the first process of `infer --engine ray` costs, for 1 to 64 workers that only wait.

python benchmarks/ray_overhead.py [--workers 1 4 16 64] [--seconds 1] [--tasks 8]

Workers are processes of a Ray cluster on this machine that sleep for so many seconds in place of tagging, so 64 of
them fit on any machine, and what is left is the cost of handing out tasks and taking results. A task is a shard, which
the worker reads and writes by itself, or a chunk of 2,048 texts, which is sent there and answered with entities.
Prints Markdown: processor time of the first process for each task, its share of one core, and the time of the whole
job as a multiple of that without any cost.
"""

import argparse
import os
import pickle
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from token_classification.inference.parts.folder import PartReport
from token_classification.inference.parts.plan import Shard, Stretch
from token_classification.inference.parts.write_part import Job
from token_classification.inference.predictor import TEXTS_PER_CHUNK
from token_classification.inference.ray_pool import RayPool
from token_classification.inference.records import Record
from token_classification.inference.workers import TASKS_AHEAD

TWEET = "RT @user: so excited to see the new museum in San Francisco with Anna Smith tonight, see you all there"
ENTITY = {"start": 48, "end": 61, "label": "location", "score": 0.9731, "text": "San Francisco"}


class Sleeper:
    """Stands in for a process with a model."""

    def wait(self) -> None:
        """Be ready at once."""

    def run(self, task):
        """Do a task, which knows of no model."""
        return task(None)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the table."""
    import ray

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4, 16, 64])
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--tasks", type=int, default=8, help="of each worker")
    options = parser.parse_args(arguments)
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}  # it would leave a token behind
    print(f"{platform.machine()}, {os.cpu_count()} cores, Ray {ray.__version__}, load {os.getloadavg()[0]:.1f}\n")
    print("| workers | task | first process, ms a task | its share of a core | job / ideal |")
    print("| ---: | --- | ---: | ---: | ---: |")
    most = max(options.workers)
    ray.init("local", num_cpus=most, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        for count in options.workers:
            pool = RayPool(ray.remote(Sleeper).options(num_cpus=1).remote, count)
            list(pool.run(((None, partial(sleep, b"", b"", 0.0)) for _ in range(count * 2)), 1))
            while pool._starting:
                list(pool.run([(None, partial(sleep, b"", b"", 0.1))], 1))
            for kind, listed in (("shard", list_shards), ("chunk", list_chunks)):
                print(measure(pool, kind, count, listed(count * options.tasks, options.seconds), options))
            for worker in pool._workers:
                ray.kill(worker.actor)
    finally:
        ray.shutdown()


def measure(pool: RayPool, kind: str, count: int, tasks: Iterator, options: argparse.Namespace) -> str:
    """Return the row of one job."""
    start, used = time.perf_counter(), time.process_time()
    for _, answer in pool.run(tasks, TASKS_AHEAD):
        pickle.loads(answer)
    seconds, used = time.perf_counter() - start, time.process_time() - used
    per_task = 1000 * used / (count * options.tasks)
    ideal = options.tasks * options.seconds
    return f"| {count} | {kind} | {per_task:.1f} | {used / seconds:.1%} | {seconds / ideal:.2f} |"


def sleep(_: bytes, answer: bytes, seconds: float, __: None) -> bytes:
    """Stand in for tagging."""
    time.sleep(seconds)
    return answer


def list_shards(count: int, seconds: float) -> Iterator[tuple[int, partial]]:
    """Yield tasks that say which shard; answered with its report."""
    job = Job("/", "s3://bucket/tagged", "0" * 64, "jsonl", None)
    answer = pickle.dumps(PartReport(0, "s3://bucket/texts.jsonl", 1, 20_000, 20_000, 3, 12_345, 5_000_000, "0" * 64))
    for number in range(count):
        stretch = Stretch(0, 5_000_000, 1, 20_000, "0" * 64)
        shard = Shard(number, "s3://bucket/texts.jsonl", "jsonl", 0, stretch)
        yield number, partial(sleep, pickle.dumps((job, shard)), answer, seconds)


def list_chunks(count: int, seconds: float) -> Iterator[tuple[int, partial]]:
    """Yield tasks that hold the records; answered with words, tags and entities."""
    words = TWEET.split()
    found = [((TWEET, [(place, place + 4) for place, _ in enumerate(words)], [*words]), [dict(ENTITY)])]
    answer = pickle.dumps([pickle.loads(pickle.dumps(one)) for one in found * TEXTS_PER_CHUNK])
    for number in range(count):
        records = [Record(line, f"{line} {TWEET}", {"text": f"{line} {TWEET}"}) for line in range(TEXTS_PER_CHUNK)]
        yield number, partial(sleep, pickle.dumps(records), answer, seconds)


if __name__ == "__main__":
    main()
