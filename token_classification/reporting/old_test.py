"""What a training of a trained model costs: its score on an old test set before and after, type by type."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch

from token_classification.arguments.run import RunArguments
from token_classification.data.labels import LabelSet
from token_classification.data.load import Corpus
from token_classification.data.schemes import OUTSIDE, Scheme, name_type
from token_classification.data.sentences import Sentences
from token_classification.data.splits import OLD_TEST
from token_classification.data.whole_files import write_whole
from token_classification.inference.engine import open_engine
from token_classification.output_text import dump_json, make_printable
from token_classification.reporting.compare import TaggedRun, build_comparison_record, compare_runs
from token_classification.reporting.evaluation_text import list_difference_cells
from token_classification.reporting.outputs import OLD_TEST_RECORD
from token_classification.scoring.intervals import CONFIDENCE
from token_classification.text_tables import format_table


@dataclass(frozen=True)
class OldModel:
    """What a model made of the old test set before it was trained further."""

    run: TaggedRun
    known: frozenset[str]
    """The types that it knew"""


def tag_old_test(arguments: RunArguments, corpus: Corpus) -> OldModel | None:
    """Let the model of a run tag the old test set as it is before the training; None where there is no such set.

    Only the first of several processes does it.
    """
    if OLD_TEST not in corpus.splits or arguments.training.process_index != 0:
        return None
    name = arguments.model.model_name_or_path
    with torch.random.fork_rng():  # the training draws the same numbers with and without
        run, labels = _tag(name, arguments, corpus.splits[OLD_TEST])
    return OldModel(run, frozenset(_list_types(labels.names)))


def report_old_test(old: OldModel, model: Path, arguments: RunArguments, source: str) -> None:
    """Let the trained model tag the old test set, print both scores of each type and write them into a file.

    Entities of types that the old model did not know and the file does not annotate are left out: whether they are
    right, the file can't tell. An old entity that is now taken for one of them is missed all the same.

    Args:
        old: What the model made of it before.
        model: The trained model.
        arguments: The settings of the run.
        source: The file.
    """
    sentences = old.run.sentences
    run, labels = _tag(str(model), arguments, sentences)
    judged = old.known | set(_list_types(tag for row in sentences.gold for tag in row))
    added = [name for name in _list_types(labels.names) if name not in judged]
    new = [] if labels.scheme == Scheme.PLAIN else added
    left_out = {tag for tag in labels.names if tag != OUTSIDE and name_type(tag) in new}
    predicted = [[OUTSIDE if tag in left_out else tag for tag in row] for row in run.predicted]
    comparison = compare_runs(old.run, TaggedRun(run.path, sentences, predicted))
    header = ["F1", "before", "after", "difference", f"{CONFIDENCE:.0%} interval", "gold"]
    rows = [header, *([name, *list_difference_cells(row)] for name, row in comparison.types.items())]
    rows.append(["all (micro)", *list_difference_cells(comparison.micro)])
    lines = [f"Old test set {source}, before and after the training:", *format_table(rows).split("\n")]
    if new:
        lines.append(f"Not counted, because the file does not annotate them: {', '.join(new)}")
    print("\n" + "\n".join(map(make_printable, lines)))
    record = build_comparison_record(comparison)
    about = {"source": source, "before": record.pop("a"), "after": record.pop("b"), "not_counted": new}
    write_whole(arguments.training.folder / OLD_TEST_RECORD, dump_json(about | record))


def _tag(name: str, arguments: RunArguments, sentences: Sentences) -> tuple[TaggedRun, LabelSet]:
    decoding = arguments.decoding
    engine = open_engine(name, max_seq_length=decoding.max_seq_length, decoder=decoding.decoder)
    tags = engine.evaluate(sentences, OLD_TEST).tags
    return TaggedRun(Path(name), sentences, tags), engine.label_set


def _list_types(names: Iterable[str]) -> list[str]:
    """Return the types of tags that mark entities."""
    return [*dict.fromkeys(name_type(name) for name in names if name != OUTSIDE)]
