"""What waits to be tagged: calls, their texts, the windows of these, and which windows form the next batch."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from token_classification.alignment.batches import Sharing
from token_classification.alignment.windows import Windows
from token_classification.arguments.decoding import Decoder
from token_classification.data.words_of_text import Offsets
from token_classification.inference.predictor import TaggedText
from token_classification.inference.texts import Taggable

CHARACTERS_PER_PLACE = 2000
"""A text takes a place of the queue for each so many characters: what it costs in time and memory goes with them"""
SHARE_OF_LONG_TEXTS = 0.5
"""How much of the machine a text of many windows may take while others wait"""


class Call:
    """Some texts whose answers are awaited together."""

    def __init__(self, size: int) -> None:
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[list[TaggedText]] = self.loop.create_future()
        self.is_wanted = True
        """False once nobody waits any more: its texts are dropped"""
        self._answers: list[TaggedText | None] = [None] * size
        self._missing = size

    def answer(self, place: int, answer: TaggedText) -> bool:
        """Store the answer for one text, and return whether it was the last one: then `wake_calls` is due."""
        self._answers[place] = answer
        self._missing -= 1
        return not self._missing

    def fail(self, error: Exception) -> None:
        """Raise an error in the waiting coroutine, and drop the other texts."""
        self.is_wanted = False
        self.loop.call_soon_threadsafe(lambda: None if self.future.done() else self.future.set_exception(error))

    def wake(self) -> None:
        """Give the waiting coroutine its answers; to be called in the event loop."""
        if not self.future.done():
            self.future.set_result([answer for answer in self._answers if answer is not None])


def wake_calls(calls: Sequence[Call]) -> None:
    """Give the coroutines of calls their answers, from another thread.

    The event loop is woken once for all of them.

    Args:
        calls: Calls of one event loop that have all their answers.
    """

    def wake_all() -> None:
        for call in calls:
            call.wake()

    if calls:
        calls[0].loop.call_soon_threadsafe(wake_all)


@dataclass(eq=False, slots=True)
class WaitingText:
    """A text of a call, and what is known of it so far."""

    call: Call
    place: int
    """Which of its call's texts it is"""
    text: Taggable
    decoder: Decoder | None
    arrived: float
    """In seconds of `time.monotonic`"""
    characters: int
    shown: str = ""
    """The text that offsets count in"""
    spans: Sequence[Offsets] = ()
    logits: list[np.ndarray | None] = field(default_factory=list)
    """Of the words that each of its windows owns, float32 (n, labels); None: not computed yet"""
    missing: int = 0
    """How many of its windows have not been run"""
    is_settled: bool = False
    """Answered, failed or dropped"""


@dataclass(eq=False, slots=True)
class Unit:
    """A window that waits: what batches are made of."""

    text: WaitingText
    windows: Windows
    """The windows of all texts that were prepared together"""
    window: int
    """Which one of them it is"""
    number: int
    """Which one of its text's windows it is"""
    length: int
    """Positions"""
    due: float
    """The lower, the sooner it is its turn"""


def count_places(characters: int) -> int:
    """Return how many places of the queue a text takes."""
    return 1 + characters // CHARACTERS_PER_PLACE


def find_due_times(arrived: float, lengths: np.ndarray, seconds_per_position: float) -> np.ndarray:
    """Return when it is each window's turn, float64 (windows,): the first at once, the others at their share's pace.

    Texts of one window that arrive later go before the later windows of a long text, which take what is left and at
    least a share. (As in fair queueing by start tags, Goyal et al. 1996.)

    Args:
        arrived: When the text arrived.
        lengths: Positions of its windows, int64 (windows,).
        seconds_per_position: What the model takes.
    """
    before = np.cumsum(lengths) - lengths
    return arrived + before * seconds_per_position / SHARE_OF_LONG_TEXTS


def take_urgent(units: list[Unit], token_budget: int) -> tuple[list[Unit], list[Unit]]:
    """Return the most urgent windows that fit the budget without padding, at least one, and the rest.

    Args:
        units: All that wait, at least one; sorted here by `due`.
        token_budget: Positions.
    """
    units.sort(key=lambda unit: unit.due)
    total = 0
    for count, unit in enumerate(units):
        total += unit.length
        if count and total > token_budget:
            return units[:count], units[count:]
    return units, []


def choose_batch(
    units: list[Unit], token_budget: int, overhead: int, sharing: Sharing, length_step: int = 1
) -> tuple[list[Unit], list[Unit]]:
    """Return the windows of the next batch, among them the most urgent one, and the others.

    The windows are cut into batches of similar lengths, so that the cost of all of them is least; of these batches,
    that of the most urgent window is run. Between two batches, everything is decided anew.

    Args:
        units: What `take_urgent` took: at least one, the most urgent one first.
        token_budget: Padded positions of a batch.
        overhead: What a batch costs beside its positions, in positions.
        sharing: Which windows may share a batch.
        length_step: Batches are padded to multiples of this. If it is more than 1, for the sake of few shapes, the
            numbers of windows are few, too.
    """
    urgent = sorted(units, key=lambda unit: -unit.length)
    place = urgent.index(units[0])
    lengths = -(-np.array([unit.length for unit in urgent]) // length_step) * length_step
    for start, end in cut_by_cost(lengths, token_budget, overhead, sharing):
        if start <= place < end:
            if length_step > 1:
                count = round_down(end - start)
                start = min(place, end - count)
                end = start + count
            return urgent[start:end], [*urgent[:start], *urgent[end:]]
    raise AssertionError("the batches hold every window")


def round_down(count: int) -> int:
    """Return the largest of 1, 2, 3, 4, 6, 8, 12, 16, 24 ... that is not larger.

    >>> round_down(11)
    8
    """
    power = 2 ** (count.bit_length() - 1)
    return power + power // 2 if count >= power + power // 2 else power


def cut_by_cost(lengths: np.ndarray, token_budget: int, overhead: int, sharing: Sharing) -> list[tuple[int, int]]:
    """Cut windows, sorted by falling length, into the batches that cost least together.

    A batch costs its padded positions, and `overhead` more: dynamic programming over where the last batch begins.

    Args:
        lengths: int64, (windows,), falling.
        token_budget: Padded positions of a batch; a single window may be longer.
        overhead: In positions.
        sharing: Which windows may share a batch.

    Returns:
        (start, end) of each batch.
    """
    count = len(lengths)
    if sharing == Sharing.ONE_BY_ONE:
        return [(place, place + 1) for place in range(count)]
    cost, begin = np.zeros(count + 1), np.zeros(count + 1, dtype=np.int64)
    for end in range(1, count + 1):
        # A batch that begins at `start` is as wide as that window, the longest one.
        sizes = (end - np.arange(end)) * lengths[:end]
        possible = cost[:end] + sizes + overhead
        possible[:-1][sizes[:-1] > token_budget] = np.inf
        if sharing == Sharing.EQUAL_LENGTHS:
            possible[lengths[:end] != lengths[end - 1]] = np.inf
        begin[end] = possible.argmin()
        cost[end] = possible[begin[end]]
    cuts, end = [], count
    while end:
        cuts.append((int(begin[end]), end))
        end = int(begin[end])
    return cuts[::-1]
