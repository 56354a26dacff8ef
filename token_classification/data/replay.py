"""Old labelled data among the new: what a model learnt from before, learnt from again so that it is not forgotten."""

import logging
from dataclasses import replace

from token_classification.data.load import Corpus
from token_classification.data.sentences import Sentences
from token_classification.data.splits import REPLAY

logger = logging.getLogger(__name__)


def add_replay(corpus: Corpus) -> Corpus:
    """Return the corpus as it is learnt from: with the sentences to replay behind those of the training split."""
    if REPLAY not in corpus.splits or "train" not in corpus.splits:
        return corpus
    train, old = corpus.splits["train"], corpus.splits[REPLAY]
    logger.info(
        "--replay_file %s: %s old sentences beside %s new ones (%.0f %% of the training)",
        corpus.sources[REPLAY],
        f"{len(old):,}",
        f"{len(train):,}",
        100 * len(old) / max(len(old) + len(train), 1),
    )
    return replace(corpus, splits=corpus.splits | {"train": _join(train, old)})


def _join(first: Sentences, second: Sentences) -> Sentences:
    """Lay sentences of two files end to end; documents of one are none of the other."""
    documents = None
    if first.doc_ids is not None or second.doc_ids is not None:
        documents = [
            part and f"{file}: {part}"
            for file, sentences in (("new", first), ("old", second))
            for part in sentences.doc_ids or [f"{row}" for row in range(len(sentences))]
        ]
    return Sentences(
        tokens=[*first.tokens, *second.tokens],
        tags=[*first.gold, *second.gold],
        lines=[*first.lines, *second.lines],
        doc_ids=documents,
    )
