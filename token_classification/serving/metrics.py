"""What Prometheus reads at `/metrics`; each server has a registry of its own."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from token_classification.serving.exchange import Exchange

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30)
"""Borders of the histograms of durations"""
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
MODEL = ("model",)


class Metrics:
    """Counters of one server."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)

        def name(what: str) -> str:
            return f"token_classification_{what}"

        by_route = ("method", "path", "status")
        self.requests = Counter(name("requests"), "Requests answered", by_route, registry=registry)
        self.errors = Counter(name("errors"), "Requests refused, by error_type", ("kind",), registry=registry)
        self.request_seconds = Histogram(
            name("request_seconds"),
            "From a request to its answer",
            ("path",),
            buckets=SECONDS,
            registry=registry,
        )
        self.texts = Counter(name("texts"), "Texts to tag", MODEL, registry=registry)
        self.characters = Counter(name("characters"), "Characters of these texts", MODEL, registry=registry)
        self.tokens = Counter(name("tokens"), "Sub-tokens that the model read", MODEL, registry=registry)
        self.positions = Counter(name("positions"), "The same with padding", MODEL, registry=registry)
        self.padding_share = Gauge(
            name("padding_share"), "Share of positions that were padding", MODEL, registry=registry
        )
        self.batch_windows = Histogram(
            name("batch_windows"), "Windows per batch", MODEL, buckets=BATCH_SIZES, registry=registry
        )
        self.batch_seconds = Histogram(
            name("batch_seconds"), "What a batch takes", MODEL, buckets=SECONDS, registry=registry
        )
        self.queue_length = Gauge(name("queue_length"), "Places of the queue that are taken", MODEL, registry=registry)

    def count_answer(self, exchange: Exchange) -> None:
        """Count a request that was answered."""
        self.requests.labels(exchange.method, exchange.path, exchange.status).inc()
        self.request_seconds.labels(exchange.path).observe(exchange.seconds)
        if exchange.error_type is not None:
            self.errors.labels(exchange.error_type).inc()

    def count_texts(self, model: str, texts: int, characters: int) -> None:
        """Count the texts of a request."""
        self.texts.labels(model).inc(texts)
        self.characters.labels(model).inc(characters)

    def watch_queue(self, model: str, read_length: Callable[[], float]) -> None:
        """Ask for the length of a queue whenever the metrics are read."""
        self.queue_length.labels(model).set_function(read_length)

    def observe(self, model: str) -> "BatchObserver":
        """Return what counts the batches of a model."""
        return BatchObserver(self, model)

    def write_out(self) -> bytes:
        """Return all of them in Prometheus' text format."""
        return generate_latest(self.registry)


class BatchObserver:
    """Counts the batches of one model; its queue calls it from the thread that runs them."""

    def __init__(self, metrics: Metrics, model: str) -> None:
        self._tokens = metrics.tokens.labels(model)
        self._positions = metrics.positions.labels(model)
        self._windows = metrics.batch_windows.labels(model)
        self._seconds = metrics.batch_seconds.labels(model)
        self._sums = [0, 0]
        metrics.padding_share.labels(model).set_function(self._find_padding_share)

    def batch_ran(self, windows: int, tokens: int, positions: int, seconds: float) -> None:
        """Count a batch."""
        self._tokens.inc(tokens)
        self._positions.inc(positions)
        self._windows.observe(windows)
        self._seconds.observe(seconds)
        before = self._sums
        self._sums = [before[0] + tokens, before[1] + positions]

    def _find_padding_share(self) -> float:
        tokens, positions = self._sums
        return 1 - tokens / positions if positions else 0.0
