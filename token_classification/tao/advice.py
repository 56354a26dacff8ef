"""What users of NeMo are told where its defaults do something else than they expect."""

from itertools import chain

from token_classification.data.schemes import Tags

SMALL_DATA = "training_ds.batch_size=8 trainer.max_epochs=20 model.optim.lr=1e-4"
"""What learns from some hundred sentences; the sample spec and docs/tao.md say the same"""


def describe_shared_step(batch_size: int, processes: int) -> str:
    """That several processes take larger steps than one, as in the original, and how not to."""
    line = (
        f"training_ds.batch_size={batch_size} is that of each of the {processes} processes: a step learns from "
        f"{batch_size * processes} sentences"
    )
    if batch_size % processes:
        return line
    return f"{line}; for the steps of one process: training_ds.batch_size={batch_size // processes}"


def find_only_label(gold: Tags, predicted: Tags) -> str | None:
    """The label that a model gives to every word, where the words have several; None if it gives several, too."""
    gold_tags, predicted_tags = (set(chain.from_iterable(tags)) for tags in (gold, predicted))
    return predicted_tags.pop() if len(predicted_tags) == 1 < len(gold_tags) else None


def describe_failure(label: str) -> str:
    """The last line of a training that gives every word one label: what it came to, and what to type next."""
    return (
        f"THE MODEL HAS LEARNT NOTHING: every word of the validation data gets the same label ({label}). The defaults "
        "are made for tens of thousands of sentences. For fewer, take smaller steps, more of them, and a higher rate, "
        f"with another -r: {SMALL_DATA}"
    )
