"""The queue of a served model: the texts of all clients, batched by tokens, answered as `Predictor` answers them."""

import asyncio
import logging
import math
import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from token_classification.arguments.decoding import Decoder
from token_classification.inference.predictor import Predictor, TaggedText
from token_classification.inference.texts import Taggable, count_characters
from token_classification.serving.errors import RequestError
from token_classification.serving.tagger import Batch, Observer, Tagger
from token_classification.serving.waiting import Call, Unit, WaitingText, count_places, wake_calls

logger = logging.getLogger(__name__)

LONG_TEXT = 20_000
"""Characters from which on a text is prepared and decoded beside the batches of others, in a thread of its own"""
CHARACTERS_PER_TOKEN = 4
"""A guess, to tell when enough has arrived for a batch"""


class TaggingQueue:
    """Texts of any number of clients in, tags out; all clients share the batches of one model.

    Coroutines of one event loop call `tag`. A thread of the queue chooses batches, others run them. While the model
    computes, which holds no lock of Python, requests are read and answered. Windows are the units, so a long text
    holds up nobody.
    """

    def __init__(
        self,
        predictor: Predictor,
        *,
        batch_tokens: int | None = None,
        batch_wait_s: float = 0.005,
        capacity: int = 4096,
        observer: Observer | None = None,
    ) -> None:
        self.capacity = capacity
        self.depth = 0
        """Places that are taken, from a text's arrival to its answer"""
        self._tagger = Tagger(predictor, batch_tokens, observer)
        self._wait_s = batch_wait_s
        self._arrived: list[WaitingText] = []
        self._prepared: list[Unit] = []
        self._lock = threading.Lock()
        """Under which everything is used that the threads share with the event loop: what stands around it here"""
        self._news = threading.Condition(self._lock)
        """Of texts, or of the end; who waits for a free stream is not woken by them"""
        self._freed = threading.Condition(self._lock)
        self._is_closed = False
        self._unfinished = 0
        """Texts that the threads still have to answer"""
        self._streams = predictor.engine.streams
        # One batch more than there are cores for: a core that gets free finds its next batch ready.
        self._most_running = self._streams + (self._streams > 1)
        self._running = 0
        """Batches that are being run"""
        self._characters = 0
        """Of the texts that wait"""
        self._thread = threading.Thread(target=self._work, name="batches", daemon=True)
        self._runners = ThreadPoolExecutor(self._most_running, thread_name_prefix="batch")
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="long texts")

    def start(self) -> None:
        """Start taking texts."""
        self._thread.start()

    async def tag(self, texts: Sequence[Taggable], decoder: Decoder | None = None) -> list[TaggedText]:
        """Tag the words of some texts; cancelling it drops those that have not been tagged yet.

        Args:
            texts: Texts, or lists of words.
            decoder: As `--decoder` of `run_ner.py`; None: what the model was opened with.

        Raises:
            RequestError: 429 if there is no room for so many texts, 503 if the server is shutting down, 500 if one
                of the texts can't be tagged.
            TypeError: something is neither a text nor a list of words.
        """
        if not texts:
            return []
        characters = [count_characters(text) for text in texts]
        places = sum(map(count_places, characters))
        self._check_room(places)
        call, now = Call(len(texts)), monotonic()
        waiting = [
            WaitingText(call, number, text, decoder, now, size)
            for number, (text, size) in enumerate(zip(texts, characters, strict=True))
        ]
        self.depth += places
        self._characters += sum(characters)
        try:
            with self._lock:
                if self._is_closed:
                    raise RequestError(503, "shutting_down", "the server is shutting down")
                self._arrived += waiting
                self._unfinished += len(waiting)
                self._news.notify()
            return await call.future
        finally:
            call.is_wanted = False
            self.depth -= places
            self._characters -= sum(characters)

    async def warm_up(self) -> None:
        """Tag made-up texts of all lengths: kernels get compiled, and it is found out which may share a batch."""
        longest = self._tagger.predictor.engine.aligner.window_length
        for power in range(longest.bit_length()):
            await self.tag([["a"] * 2**power, ["a"] * max(1, 2**power // 2)])

    async def drain(self) -> None:
        """Take no more texts, and return when all that were taken are answered."""
        with self._lock:
            self._is_closed = True
            self._news.notify()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)
        self._runners.shutdown()
        self._aside.shutdown()

    def _check_room(self, places: int) -> None:
        """Make sure that the queue has room.

        Raises:
            RequestError: it has not: 429, or 413 if it never will.
        """
        if places > self.capacity:
            problem = f"these texts take {places:,} places of the queue, which has {self.capacity:,}"
            raise RequestError(413, "too_many_texts", f"{problem}; send fewer or shorter texts in one request")
        if self.depth + places > self.capacity:
            seconds = self._characters / CHARACTERS_PER_TOKEN * self._tagger.seconds_per_position
            headers = {"Retry-After": str(max(1, math.ceil(seconds)))}
            raise RequestError(429, "overloaded", "the queue is full; try again later", headers)

    def _work(self) -> None:
        """Run batches until the queue is closed and empty."""
        units: list[Unit] = []
        while self._wait_for_work(bool(units)):
            units = [unit for unit in units + self._admit() if self._is_wanted(unit.text)]
            if units:
                with self._lock:
                    shares = max(self._streams - self._running, 1)
                    self._running += 1
                batch, units = self._tagger.choose_batch(units, shares)
                self._runners.submit(self._run_in_stream, batch)

    def _admit(self) -> list[Unit]:
        """Return the windows of what has arrived; long texts are handed to a thread of their own first."""
        with self._lock:
            arrived, self._arrived = self._arrived, []
            units, self._prepared = self._prepared, []
        for item in arrived:
            if item.characters >= LONG_TEXT:
                self._aside.submit(self._prepare_aside, item)
        short = [item for item in arrived if item.characters < LONG_TEXT]
        self._attempt(short, lambda items: units.extend(self._prepare(items)))
        return units

    def _wait_for_work(self, is_busy: bool) -> bool:
        """Wait until there is something to do; the first text of an idle queue waits a little for others.

        Returns:
            False if the queue is closed and every text is answered.
        """
        with self._lock:
            self._freed.wait_for(lambda: self._running < self._most_running)
            if is_busy:
                return True
            self._news.wait_for(lambda: self._arrived or self._prepared or (self._is_closed and not self._unfinished))
            while self._arrived and not self._prepared and not self._is_closed:
                waited = monotonic() - self._arrived[0].arrived
                tokens = sum(item.characters for item in self._arrived) / CHARACTERS_PER_TOKEN
                if waited >= self._wait_s or tokens >= self._tagger.batch_tokens:
                    break
                self._news.wait(self._wait_s - waited)
            return bool(self._arrived or self._prepared)

    def _prepare(self, items: list[WaitingText]) -> list[Unit]:
        """Prepare texts, and answer those that have no words at once."""
        wanted = [item for item in items if self._is_wanted(item)]
        units = self._tagger.prepare(wanted)
        self._finish([item for item in wanted if not item.logits])
        return units

    def _prepare_aside(self, item: WaitingText) -> None:
        prepared: list[Unit] = []
        self._attempt([item], lambda items: prepared.extend(self._prepare(items)))
        with self._lock:
            self._prepared += prepared
            self._news.notify()

    def _run_in_stream(self, batch: Batch) -> None:
        try:
            self._run(batch)
        except Exception as error:  # a bug: nobody reads what the executor keeps of it
            for item in dict.fromkeys(unit.text for unit in batch.units):
                self._fail(item, error)
        finally:
            with self._lock:
                self._running -= 1
                self._freed.notify()

    def _run(self, batch: Batch) -> None:
        """Run a batch; if it fails, each of its windows by itself, so that one text costs no other."""
        try:
            completed = self._tagger.run(batch)
        except Exception as error:
            if len(batch.units) == 1:
                self._fail(batch.units[0].text, error)
                return
            for unit in batch.units:
                if self._is_wanted(unit.text):
                    self._run(Batch([unit], batch.sharing))
            return
        long = [item for item in completed if item.characters >= LONG_TEXT]
        for item in long:
            self._aside.submit(self._attempt, [item], self._finish)
        self._attempt([item for item in completed if item.characters < LONG_TEXT], self._finish)

    def _finish(self, items: list[WaitingText]) -> None:
        """Answer texts whose windows have all been run."""
        answers = self._tagger.finish(items)
        with self._lock:
            pairs = zip(items, answers, strict=True)
            complete = [item.call for item, answer in pairs if item.call.answer(item.place, answer)]
        wake_calls(complete)
        self._settle(items)

    def _attempt(self, items: list[WaitingText], action: Callable[[list[WaitingText]], None]) -> None:
        """Do something with texts; if that fails, with each by itself, so that one text costs no other."""
        if not items:
            return
        try:
            action(items)
        except Exception as error:
            if len(items) == 1:
                self._fail(items[0], error)
                return
            for item in items:
                self._attempt([item], action)

    def _fail(self, item: WaitingText, error: Exception) -> None:
        """Answer a text with an error; the log gets what went wrong where, but nothing of the text."""
        places = "".join(traceback.format_tb(error.__traceback__))
        logger.error("A text could not be tagged: %s\n%s", type(error).__name__, places.rstrip())
        item.call.fail(RequestError(500, "inference_error", "the model can't tag this text"))
        self._settle([item])

    def _is_wanted(self, item: WaitingText) -> bool:
        """Tell whether somebody still waits for a text; if not, it is done with."""
        if not item.call.is_wanted:
            self._settle([item])
        return item.call.is_wanted

    def _settle(self, items: Sequence[WaitingText]) -> None:
        """Count texts as done with, once."""
        with self._lock:
            for item in items:
                self._unfinished -= not item.is_settled
                item.is_settled = True
            if self._is_closed:
                self._news.notify()
