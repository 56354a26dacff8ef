"""What users of NeMo are told where its defaults do something that they do not expect."""

from itertools import chain

from token_classification.data.schemes import Tags

SMALL_DATA = "training_ds.batch_size=8 trainer.max_epochs=20 model.optim.lr=1e-4"
"""What learns from a few hundred sentences; the sample spec and docs/tao.md say the same"""


def describe_shared_step(batch_size: int, processes: int) -> str:
    """Describe that several processes take larger steps than one, as in the original, and how to avoid it."""
    line = (
        f"training_ds.batch_size={batch_size} is the batch size of each of the {processes} processes: a step learns "
        f"from {batch_size * processes} sentences"
    )
    if batch_size % processes:
        return line
    return f"{line}; for the steps of one process: training_ds.batch_size={batch_size // processes}"


def find_only_label(gold: Tags, predicted: Tags) -> str | None:
    """Return the label that a model gives to every word although the words have several; None if it gives several."""
    gold_tags, predicted_tags = (set(chain.from_iterable(tags)) for tags in (gold, predicted))
    return predicted_tags.pop() if len(predicted_tags) == 1 < len(gold_tags) else None


def describe_failure(label: str) -> str:
    """Return the last line of a training whose model gives all words one label: what happened and what to type."""
    return (
        f"THE MODEL HAS LEARNT NOTHING: every word of the validation data gets the same label ({label}). The defaults "
        "are made for tens of thousands of sentences. With fewer, take smaller and more steps and a higher learning "
        f"rate, and another -r: {SMALL_DATA}"
    )
