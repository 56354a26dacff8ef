#!/usr/bin/env python
"""Sends requests to a server on this machine and counts what comes back, in a process of its own that costs little.

python benchmarks/http_load.py PORT REQUESTS_FILE [--clients 50] [--rate 500] [--requests N] [--seconds S]

REQUESTS_FILE has a JSON object a line: `path`, `body` (a string) and, if it is not 200, the expected `status`. Without
--rate so many clients each send their next request as soon as they have an answer (closed loop). With --rate requests
arrive at random times, so many a second on average, whether earlier ones are answered or not (open loop); a request's
latency counts from the time it was due, so that a stall counts for all that should have been sent during it.
Connections stay open. Prints a JSON object: `answered` by status, `unexpected` statuses, latencies in milliseconds,
the share of a core that this process took, and what was lost: `unread` requests (their connection was reset, which
happens when a server closes it before it reads what was sent; clients send those again) and `unanswered` ones (the
server had read them when it closed the connection, or nothing came).
"""

import argparse
import asyncio
import json
import random
import resource
import selectors
import sys
import time
from collections import Counter, deque
from pathlib import Path

HEAD = "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
BLANK_LINE, LENGTH_KEY = b"\r\n\r\n", b"content-length:"
PATIENCE_S = 60.0
"""How long answers are waited for after the last request"""
MOST_SELECTED = 1000
"""select() tells microseconds, which epoll rounds up to milliseconds, but takes no more connections than this"""


class Request:
    """What is sent, and what is expected."""

    def __init__(self, line: str) -> None:
        record = json.loads(line)
        body = record["body"].encode()
        self.bytes = HEAD.format(path=record["path"], length=len(body)).encode() + body
        self.status = record.get("status", 200)


class Connection(asyncio.Protocol):
    """A connection that carries one request at a time."""

    def __init__(self, load: "Load") -> None:
        self.load, self.received = load, b""
        self.number: int | None = None
        self.due = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport

    def send(self, number: int, due: float) -> None:
        """Send a request; its answer is timed from `due`."""
        self.number, self.due = number, due
        self.transport.write(self.load.encode(number))

    def data_received(self, data: bytes) -> None:
        self.received = data = self.received + data if self.received else data
        end = data.find(BLANK_LINE)
        if end < 0:
            return
        head = data[:end].lower()
        place = head.find(LENGTH_KEY)
        if place < 0:
            self.transport.abort()
            return
        length = int(head[place + len(LENGTH_KEY) :].split(b"\r\n", 1)[0])
        if len(data) < end + 4 + length:
            return
        self.received = b""
        number, self.number = self.number, None
        self.load.take_answer(self, number, self.due, int(data[9:12]), data[end + 4 :], b"connection: close" in head)

    def connection_lost(self, error: Exception | None) -> None:
        self.load.lose_connection(self, error)


class Load:
    """The requests of one measurement, what was answered, and when."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        lines = Path(options.requests_file).read_text(encoding="utf-8").splitlines()
        self.requests = [Request(line) for line in lines]
        self.sent = 0
        self.idle: deque[Connection] = deque()
        self.waiting: deque[float] = deque()
        self.opening = 0
        self.connections: set[Connection] = set()
        self.latencies: dict[int, list[float]] = {}
        self.unexpected: Counter[int] = Counter()
        self.unread = self.unanswered = 0
        self.late: list[float] = []
        self.answers: dict[int, bytes] = {}
        self.failed_connections = 0
        self.answered = 0
        self.last_answer = 0.0
        self.closing = False

    def encode(self, number: int) -> bytes:
        """Return the bytes of a request; they come round and round."""
        return self.requests[number % len(self.requests)].bytes

    def start_next(self, connection: Connection, due: float) -> None:
        """Send the next request over a free connection."""
        number, self.sent = self.sent, self.sent + 1
        connection.send(number, due)

    def is_over(self) -> bool:
        """Whether nothing more is to be sent."""
        return self.sent >= self.limit or time.perf_counter() >= self.end

    def take_answer(
        self, connection: Connection, number: int | None, due: float, status: int, body: bytes, closes: bool
    ) -> None:
        """Count an answer; the connection is free for the next request."""
        now = time.perf_counter()
        if number is None:
            raise RuntimeError(f"an answer that nobody asked for: {status} {body[:200]!r}")
        self.latencies.setdefault(status, []).append(now - due)
        self.answered, self.last_answer = self.answered + 1, now
        line = number % len(self.requests)
        if status != self.requests[line].status:
            self.unexpected[status] += 1
        if self.options.answers:
            self.answers[line] = body
        if self.options.report_every and self.answered % self.options.report_every == 0:
            print(json.dumps({"answered_so_far": self.answered}), flush=True)
        if closes:
            connection.transport.close()
        elif self.waiting:
            self.start_next(connection, self.waiting.popleft())
        elif self.options.rate is None and not self.is_over():
            self.start_next(connection, now)
        else:
            self.idle.append(connection)

    def lose_connection(self, connection: Connection, error: Exception | None) -> None:
        """Count a request that is not answered because its connection ended."""
        self.connections.discard(connection)
        if connection in self.idle:
            self.idle.remove(connection)
        if connection.number is not None:
            # On loopback a reset comes at once where data was not read, or came too late; without one it was read.
            self.unread += error is not None
            self.unanswered += error is None
        if not self.closing and self.options.rate is None and not self.is_over():
            self.open_another(None)

    def open_another(self, due: float | None) -> None:
        """Open one more connection, and send a request over it."""
        self.opening += 1
        task = asyncio.get_running_loop().create_task(self.open_connection(due))
        task.add_done_callback(lambda done: done.result())

    async def open_connection(self, due: float | None) -> None:
        """Connect and send a request; a refused connection is counted, no request is sent over it."""
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(lambda: Connection(self), "127.0.0.1", self.options.port)
        except OSError:
            self.failed_connections += 1
            # Who is refused doesn't knock again at once.
            await asyncio.sleep(0.05)
            if self.options.rate is None and not self.is_over():
                self.open_another(None)
            return
        finally:
            self.opening -= 1
        self.connections.add(connection)
        if due is None and self.is_over():
            self.idle.append(connection)
        else:
            self.start_next(connection, time.perf_counter() if due is None else due)

    async def run(self) -> dict:
        """Send everything, wait for the answers, and return the counts."""
        options = self.options
        for _ in range(options.clients):
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: Connection(self), "127.0.0.1", options.port
            )
            self.connections.add(connection)
            self.idle.append(connection)
        start = time.perf_counter()
        self.limit = options.requests or sys.maxsize
        self.end = start + (options.seconds or 1e9)
        before = resource.getrusage(resource.RUSAGE_SELF)
        if options.rate is None:
            for connection in [self.idle.popleft() for _ in range(options.clients)]:
                if not self.is_over():
                    self.start_next(connection, time.perf_counter())
            while not self.is_over():
                await asyncio.sleep(0.02)
        else:
            await self.send_at_random(start)
        await self.wait_for_answers()
        after = resource.getrusage(resource.RUSAGE_SELF)
        self.closing = True
        self.unanswered += sum(one.number is not None for one in self.connections)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return self.count(start, cpu)

    async def send_at_random(self, start: float) -> None:
        """Let requests arrive at times whose distances are random, the same ones for the same seed."""
        generator, due = random.Random(self.options.seed), start
        while True:
            due += generator.expovariate(self.options.rate)
            if due >= self.end or self.sent + len(self.waiting) + self.opening >= self.limit:
                return
            wait = due - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            self.late.append(time.perf_counter() - due)
            if self.idle:
                # The one used last: the fewer connections, the less there is to watch.
                self.start_next(self.idle.pop(), due)
            elif len(self.connections) + self.opening < self.options.most_connections:
                self.open_another(due)
            else:
                self.waiting.append(due)
            if len(self.late) % 64 == 0:
                await asyncio.sleep(0)

    async def wait_for_answers(self) -> None:
        """Wait until nothing is on its way, for a minute at most."""
        end = time.perf_counter() + PATIENCE_S
        while time.perf_counter() < end:
            if not (self.waiting or self.opening or any(one.number is not None for one in self.connections)):
                return
            await asyncio.sleep(0.02)

    def count(self, start: float, cpu: float) -> dict:
        """Return what is printed."""
        seconds = max(self.last_answer - start, 1e-9)
        good = sorted(self.latencies.get(200, []))
        refused = sorted(self.latencies.get(429, []))
        return {
            "seconds": seconds,
            "sent": self.sent,
            "answered": {str(status): len(values) for status, values in self.latencies.items()},
            "unexpected": {str(status): number for status, number in self.unexpected.items()},
            "unread": self.unread,
            "unanswered": self.unanswered,
            "failed_connections": self.failed_connections,
            "not_sent": len(self.waiting),
            "connections": len(self.connections),
            "per_second": len(good) / seconds,
            "latency_ms": summarise(good),
            "latency_429_ms": summarise(refused),
            "late_ms": summarise(sorted(self.late)),
            "client_cpu_share": cpu / seconds,
            "client_cpu_ms_per_request": 1000 * cpu / max(self.answered, 1),
        }


def summarise(seconds: list[float]) -> dict[str, float] | None:
    """Return percentiles of sorted times, in milliseconds."""
    if not seconds:
        return None
    places = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p999": 0.999}
    found = {name: 1000 * seconds[min(int(share * len(seconds)), len(seconds) - 1)] for name, share in places.items()}
    return found | {"max": 1000 * seconds[-1]}


def parse_arguments(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("requests_file")
    parser.add_argument("--clients", type=int, default=50, help="connections that are opened before the first request")
    parser.add_argument("--rate", type=float, help="requests a second, arriving at random; default: a closed loop")
    parser.add_argument("--requests", type=int, default=0, help="how many; default: as many as fit into --seconds")
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--most_connections", type=int, default=900, help="with --rate, a request may have to wait here"
    )
    parser.add_argument("--answers", metavar="FILE", help="write the last answer to each line of the requests file")
    parser.add_argument("--report_every", type=int, default=0, metavar="N", help="print a line after N answers each")
    options = parser.parse_args(words)
    if not (options.requests or options.seconds):
        parser.error("--requests or --seconds: one of them ends the measurement; neither is given")
    return options


def main() -> None:
    options = parse_arguments()
    load = Load(options)
    few = max(options.clients, options.most_connections if options.rate else 0) <= MOST_SELECTED
    selector = selectors.SelectSelector() if few else selectors.DefaultSelector()
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
        counts = runner.run(load.run())
    if options.answers:
        lines = [json.dumps({"line": line, "body": body.decode()}) for line, body in sorted(load.answers.items())]
        Path(options.answers).write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
