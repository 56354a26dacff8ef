"""Whether a model has learnt from labelled data: it is surer of that than of anything else."""

from pathlib import Path

from token_classification.checking.duplicates import find_common_sentences
from token_classification.data.load import Corpus, describe_files
from token_classification.data.sentences import Sentences
from token_classification.reporting.run_record import read_training_file


def describe_common(sentences: Sentences, source: str, train: Sentences, train_source: str) -> str | None:
    """Name the first sentence of some data that is also in the training data; None: there is none.

    Args:
        sentences: The data, with the lines at which its sentences begin.
        source: Where they are from.
        train: The training data.
        train_source: Where they are from.
    """
    common = find_common_sentences(sentences, train)
    if not common:
        return None
    row, other = common[0]
    return (
        f"{source}:{sentences.lines[row]}: this sentence is also in the training data "
        f"({train_source}:{train.lines[other]}), and so are {len(common) - 1:,} more of {len(sentences):,}"
    )


def describe_learnt(corpus: Corpus, start: Path) -> str | None:
    """Say what of the validation split of a run its model has learnt from; None: nothing that is known of.

    Args:
        corpus: All splits.
        start: The folder of the model that the training began with.

    Raises:
        UserError: the folder has a record of a training that can't be read.
    """
    source, about = corpus.sources["validation"], describe_files(corpus)
    checksum = about["validation"].get("sha256")
    earlier = read_training_file(start)
    if checksum is not None and checksum == about["train"].get("sha256"):
        return f"{source}: the model was trained on this file"
    if checksum is not None and earlier is not None and earlier.sha256 == checksum:
        return f"{source}: the model that this one was made of was trained on this file"
    return describe_common(corpus.splits["validation"], source, corpus.splits["train"], corpus.sources["train"])
