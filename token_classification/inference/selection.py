"""What to label next: the records of a file that would teach a model most, with the reasons.

A step between reading and tagging: records in, fewer records out, however they are written then. While a file is
read, the shortlist is kept (as many records as are wanted; for `diverse` ten times as many, with a vector each), and a
key of each text that is labelled already.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from tqdm.auto import tqdm

from token_classification.data.formats import read_sentences
from token_classification.data.text_keys import make_text_key
from token_classification.errors import DataError, UserError
from token_classification.inference.predictor import Predictor
from token_classification.inference.records import BadRecord, Record, add_results
from token_classification.inference.shortlist import Candidate, Shortlist, spread_out
from token_classification.inference.texts import place_words
from token_classification.scoring.uncertainty import measure_entropy, score_text

logger = logging.getLogger(__name__)

Way = Literal["uncertain", "diverse", "random"]

POOL_FACTOR, LEAST_POOL = 10, 10_000
"""`diverse` chooses among so many times the wanted texts, but at least among so many: the most uncertain ones"""
MOST_WORDS, LEAST_DOUBT = 5, 0.1
"""So many words of a text are named at most, and none of which the model is surer than that"""


@dataclass(frozen=True)
class Selection:
    """How many texts are selected, and how."""

    way: Way
    budget: int
    labelled: frozenset[bytes] = frozenset()
    """Keys of texts that are left out"""
    seed: int = 42
    """Of `random` and `diverse`"""

    def __post_init__(self) -> None:
        if self.way not in get_args(Way):
            raise UserError(f"--select {self.way}: accepted are {', '.join(get_args(Way))}.")
        if self.budget < 1:
            raise UserError(f"--budget {self.budget}: accepted is a number of texts from 1 on, e.g. --budget 200.")

    @property
    def shortlist_limit(self) -> int:
        """How many candidates are kept while a file is read."""
        return max(POOL_FACTOR * self.budget, LEAST_POOL) if self.way == "diverse" else self.budget


def read_keys(files: Iterable[str]) -> frozenset[bytes]:
    """Return the keys of the texts of labelled files.

    Raises:
        DataError: a file can't be read; with its lines.
    """
    return frozenset(make_text_key(" ".join(words)) for file in files for words in read_sentences(file).tokens)


def describe_selection(selection: Selection | None) -> str:
    """Describe, as text, everything on which it depends which records are selected."""
    if selection is None:
        return "all records"
    labelled = hashlib.sha256(b"".join(sorted(selection.labelled))).hexdigest()
    return f"{selection.way}, budget {selection.budget}, seed {selection.seed}, labelled {labelled}"


@dataclass
class Counts:
    """What became of the texts of a file."""

    texts: int = 0
    empty: int = 0
    labelled: int = 0


def select_records(
    predictor: Predictor, chunks: Iterable[Sequence[Record | BadRecord]], selection: Selection
) -> Iterator[Record | BadRecord]:
    """Yield the bad records of a file as they come, and at its end the selected ones, the most uncertain first.

    Behind its own fields, each has `selection_rank` (from 1), `selection_score` and `selection_words`, those of which
    the model is unsure.

    Raises:
        UserError: the model can't select so; as `DataError`: there is no text to select.
    """
    if selection.way == "diverse" and predictor.engine.run_with_states is None:
        raise UserError(
            f"--select diverse: a model exported for {predictor.engine.backend} gives no states of its encoder; "
            "accepted is a model for torch: give -m the one that was exported, or type --select uncertain"
        )
    shortlist, counts = Shortlist(selection.shortlist_limit), Counts()
    with tqdm(desc="Selecting", unit=" texts", disable=None) as bar:
        for chunk in chunks:
            yield from (record for record in chunk if isinstance(record, BadRecord))
            records = [record for record in chunk if isinstance(record, Record)]
            for candidate, priority in rate(predictor, list_new(predictor, records, selection, counts), selection):
                shortlist.offer(candidate, priority)
            bar.update(len(chunk))
    chosen = choose(predictor, shortlist, selection)
    report(chosen, counts, selection)
    yield from (add_reasons(candidate, rank) for rank, candidate in enumerate(chosen, 1))


def list_new(predictor: Predictor, records: Iterable[Record], selection: Selection, counts: Counts) -> list[Candidate]:
    """List the records that have words and are not labelled yet, and count the others."""
    found = []
    for record in records:
        text, _, words = place_words(record.text, predictor.words)
        key = make_text_key(text)
        counts.texts += 1
        counts.empty += not words
        counts.labelled += bool(words) and key in selection.labelled
        if words and key not in selection.labelled:
            found.append(Candidate(record, key, tuple(words)))
    return found


def rate(
    predictor: Predictor, candidates: Sequence[Candidate], selection: Selection
) -> Iterator[tuple[Candidate, float]]:
    """Yield candidates with their priority: what their text and the seed decide, or how unsure the model is of it."""
    if selection.way == "random":
        yield from ((candidate, draw_number(candidate.key, selection.seed)) for candidate in candidates)
    else:
        for candidate in measure(predictor, candidates, with_vectors=selection.way == "diverse"):
            yield candidate, candidate.score


def draw_number(key: bytes, seed: int) -> float:
    """Draw a number for a text, from 0 to 1: the same wherever it stands, and whatever else is in the file."""
    drawn = hashlib.blake2b(key + str(seed).encode(), digest_size=7).digest()
    return int.from_bytes(drawn, "big") / 2**56


def measure(predictor: Predictor, candidates: Sequence[Candidate], *, with_vectors: bool = False) -> list[Candidate]:
    """Return candidates with what the model is unsure of."""
    tokens = [candidate.words for candidate in candidates]
    doubts = predictor.engine.measure(tokens, measure_entropy, with_vectors=with_vectors)
    return [
        replace(
            candidate,
            score=score_text(words),
            doubtful=tuple(candidate.words[place] for place in find_doubtful(words)),
            vector=doubts.vectors.get(row),
        )
        for row, (candidate, words) in enumerate(zip(candidates, doubts.words, strict=True))
    ]


def find_doubtful(words: np.ndarray) -> list[int]:
    """Return the places of the words of which the model is most unsure."""
    order = np.argsort(-words, kind="stable")[:MOST_WORDS]
    return [place for place in order.tolist() if words[place] >= LEAST_DOUBT]


def choose(predictor: Predictor, shortlist: Shortlist, selection: Selection) -> list[Candidate]:
    """Choose from the shortlist, and order what is chosen: the most uncertain first, of equal ones the earlier."""
    chosen = shortlist.list_candidates()
    if selection.way == "random":
        chosen = measure(predictor, chosen)
    elif selection.way == "diverse" and chosen:
        vectors = np.stack([candidate.vector for candidate in chosen if candidate.vector is not None])
        chosen = [chosen[place] for place in spread_out(vectors, selection.budget, selection.seed)]
    return sorted(chosen, key=lambda candidate: (-candidate.score, candidate.record.line))


def report(chosen: Sequence[Candidate], counts: Counts, selection: Selection) -> None:
    """Say how many texts were selected, and what became of the others.

    Raises:
        DataError: none was.
    """
    others = f"{counts.labelled:,} are labelled already, {counts.empty:,} have no words"
    if counts.texts and not chosen:
        raise DataError(
            f"none of the {counts.texts:,} texts can be selected: {others}; accepted: a file with texts that are not "
            "in --labelled_file"
        )
    logger.info("%s of %s texts selected (%s); %s.", f"{len(chosen):,}", f"{counts.texts:,}", selection.way, others)
    if len(chosen) < selection.budget:
        logger.warning(
            "--budget %s: there are only %s different texts; all of them are selected.",
            f"{selection.budget:,}",
            f"{len(chosen):,}",
        )


def add_reasons(candidate: Candidate, rank: int) -> Record:
    """Return a selected record with its rank and the reasons among its fields."""
    reasons = {
        "selection_rank": rank,
        "selection_score": candidate.score,
        "selection_words": list(candidate.doubtful),
    }
    return replace(candidate.record, fields=add_results(candidate.record, reasons))
