"""The model card (README.md of the model folder): what the model does, how well, per type, and how it was made."""

import re
from collections.abc import Mapping
from pathlib import Path

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from token_classification.arguments.run import RunArguments
from token_classification.data.labels import LabelSet
from token_classification.data.load import Corpus, describe_files
from token_classification.data.whole_files import write_whole
from token_classification.hardware import describe_hardware
from token_classification.output_text import dump_json, make_printable, quote_argument
from token_classification.recipe import Recipe
from token_classification.reporting.evaluation import Evaluation
from token_classification.reporting.run_record import read_command_line
from token_classification.scoring.evaluate import SplitResults
from token_classification.scoring.intervals import Score

CARD = """---
{metadata}
---

# {title}

Token classification ({task}), fine-tuned from {base_model} on {dataset}.

Labels ({scheme}): {labels}

## Scores

{scores}

Entity scores count whole entities, as conlleval does; strict: the tags must also be legal in the scheme.
Long sentences are read in windows of {window_length} sub-tokens that overlap; every word is tagged and scored once.
Tags are read off by {decoder}; no score threshold is applied.{intervals}

## Data

{data}

## Training

Epochs {epochs}, batch size {batch_size}, learning rate {learning_rate}, seed {seed}, on {hardware}.{learning}

```bash
{command}
```

All arguments, versions and paths: `run.json`.

## Use

```python
from transformers import pipeline

pipeline("token-classification", model={folder}, {trust}aggregation_strategy="first")("Some text")
```
{own_code}"""

OWN_CODE = """
The library has no class for this model: it is in {files}, which `trust_remote_code` runs. Read it first.
"""

INTERVALS = """
Intervals: percentile bootstrap over sentences. Errors and slices: `report/report.html`."""

MARKUP = re.compile(r"[\\`*\[\]<>|&~$#]|(?<!\w)_|_(?!\w)")
"""What Markdown would not show as it stands; an underscore between letters it does"""

STARTED_AS = {"run_ner.py": "python run_ner.py", "__main__.py": "python -m token_classification"}
"""What Python calls a program -> what was typed"""


def write_model_card(
    path: Path,
    arguments: RunArguments,
    recipe: Recipe,
    corpus: Corpus,
    label_set: LabelSet,
    window_length: int,
    results: Mapping[str, SplitResults],
    evaluations: Mapping[str, Evaluation],
) -> None:
    """Write a card with valid Hub metadata and a table per scored split.

    Args:
        path: `README.md` in the model's folder.
        arguments: Those of the run.
        recipe: How it learnt.
        corpus: All splits, for their sizes and checksums.
        label_set: Names and scheme.
        window_length: Longest model input, in sub-tokens.
        results: Scores of each split.
        evaluations: Their intervals; empty where none were computed.
    """
    data, training = arguments.data, arguments.training
    folder = path.parent
    name = make_printable(folder.resolve().name)
    base_model, hub_model = _name_source(arguments.model.model_name_or_path)
    file = data.train_file or data.validation_file or data.test_file
    dataset, hub_dataset = (
        _name_source(data.dataset_name) if data.dataset_name else (make_printable(Path(file).name), None)
    )
    scored = {split: result for split, result in results.items() if "f1" in result.metrics}
    metadata = ModelCardData(
        model_name=name,
        library_name="transformers",
        pipeline_tag="token-classification",
        base_model=hub_model,
        datasets=[hub_dataset] if hub_dataset else None,
        tags=["token-classification", data.task_name],
        eval_results=_list_results(scored, dataset) or None,
    )
    tables = [_format_table(split, result, evaluations.get(split)) for split, result in scored.items()]
    own_code = ", ".join(f"`{path.name}`" for path in sorted(folder.glob("*.py")))
    card = CARD.format(
        metadata=metadata.to_yaml(),
        title=escape_markdown(name),
        task=data.task_name,
        base_model=mark_as_code(base_model),
        dataset=mark_as_code(dataset),
        scheme=label_set.scheme,
        labels=", ".join(map(mark_as_code, label_set.names)),
        scores="\n\n".join(tables) or "Not scored.",
        intervals=INTERVALS if evaluations else "",
        window_length=window_length,
        decoder=arguments.decoding.decoder,
        data=_format_data(corpus),
        epochs=training.num_train_epochs,
        batch_size=training.train_batch_size,
        learning_rate=training.learning_rate,
        seed=training.seed,
        learning=_describe_learning(recipe),
        hardware=describe_hardware(training.device, training.world_size),
        command=_format_command(read_command_line()),
        folder=dump_json(folder.name, indent=None),
        trust="trust_remote_code=True, " if own_code else "",
        own_code=OWN_CODE.format(files=own_code) if own_code else "",
    )
    write_whole(path, ModelCard(card).content)


def _describe_learning(recipe: Recipe) -> str:
    """One more sentence of the card: what was learnt otherwise than by default; empty where nothing was."""
    parts = []
    if recipe.head is not None:
        layers = f"{recipe.head.layers} layers ({recipe.head.activation})" if recipe.head.layers > 1 else "one layer"
        parts.append(f"a head of {layers} behind a dropout of {recipe.head.dropout:g}")
    if recipe.balances_classes:
        parts.append("labels weighted against their frequency")
    if recipe.optimizer is not None:
        parts.append(f"the optimizer {getattr(recipe.optimizer, 'name', recipe.optimizer)}")
    return f" With {', '.join(parts)}." if parts else ""


def escape_markdown(text: str) -> str:
    r"""Text that Markdown shows as it is, also in a cell of a table: nothing in it is markup or HTML.

    >>> print(escape_markdown("B_PER <b> a|b"))
    B_PER \<b\> a\|b
    """
    return MARKUP.sub(r"\\\g<0>", make_printable(text))


def mark_as_code(text: str) -> str:
    """The text between backticks: more of them than stand in it next to each other.

    >>> print(mark_as_code("B-PER"), mark_as_code("a`b"))
    `B-PER` `` a`b ``
    """
    text = make_printable(text)
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"`{text}`" if fence == "`" else f"{fence} {text} {fence}"


def _format_command(command_line: list[str]) -> str:
    """The command as it is typed."""
    program = Path(command_line[0]).name
    return " ".join([STARTED_AS.get(program, program), *map(_quote_argument, command_line[1:])])


def _quote_argument(argument: str) -> str:
    """The name of a file or folder stands in place of its path on this machine, which no reader has."""
    flag, equals, value = argument.rpartition("=") if argument.startswith("--") else ("", "", argument)
    return quote_argument(f"{flag}{equals}{Path(value).name if Path(value).is_absolute() else value}")


def _format_data(corpus: Corpus) -> str:
    """A Markdown table: size and checksum of each split."""
    lines = ["| split | source | sentences | words | SHA-256 of the file |", "| --- | --- | ---: | ---: | --- |"]
    for split, about in describe_files(corpus).items():
        checksum = f"`{about['sha256']}`" if "sha256" in about else ""
        source = Path(about["source"]).name if "sha256" in about else about["source"]
        lines.append(
            f"| {split} | {escape_markdown(source)} | {about['sentences']:,} | {about['words']:,} | {checksum} |"
        )
    return "\n".join(lines)


def _name_source(name: str) -> tuple[str, str | None]:
    """What to call a model or data set, and its name on the Hub; a path of this machine has none."""
    return (make_printable(Path(name).name), None) if Path(name).exists() else (name, name)


def _list_results(scored: Mapping[str, SplitResults], dataset: str) -> list[EvalResult]:
    return [
        EvalResult(
            task_type="token-classification",
            dataset_type=dataset,
            dataset_name=dataset,
            dataset_split=split,
            metric_type=metric,
            metric_value=round(float(result.metrics[metric]), 6),
        )
        for split, result in scored.items()
        for metric in ("precision", "recall", "f1", "accuracy")
    ]


def _format_table(split: str, result: SplitResults, evaluation: Evaluation | None) -> str:
    """A Markdown table: a row per type, then the micro and macro averages; intervals where they are known."""
    metrics = result.metrics
    types = {name: row.f1 for name, row in evaluation.types.items()} if evaluation else {}
    number = sum(row["number"] for row in result.types.values())
    lines = [f"### {split.capitalize()}: {metrics['samples']:,} sentences, {metrics['words']:,} words", ""]
    lines += [
        "| type | precision | recall | F1 | 95 % interval | number |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        _format_row(escape_markdown(name), row, types.get(name), f"{row['number']:,}")
        for name, row in result.types.items()
    ]
    lines.append(_format_row("**micro**", metrics, evaluation and evaluation.micro.f1, f"{number:,}"))
    macro = _format_interval(evaluation and evaluation.macro)
    lines.append(f"| **macro** | | | {metrics['macro_f1']:.4f} | {macro} | |")
    if "strict_f1" in metrics:
        strict = {name: metrics[f"strict_{name}"] for name in ("precision", "recall", "f1")}
        lines.append(_format_row("**strict**", strict, evaluation and evaluation.strict.f1, ""))
    lines += ["", f"Word accuracy: {metrics['accuracy']:.4f}"]
    return "\n".join(lines)


def _format_row(name: str, row: Mapping[str, float], f1: Score | None, number: str) -> str:
    scores = " | ".join(f"{row[kind]:.4f}" for kind in ("precision", "recall", "f1"))
    return f"| {name} | {scores} | {_format_interval(f1)} | {number} |"


def _format_interval(score: Score | None) -> str:
    return "" if score is None else f"{score.low:.4f} - {score.high:.4f}"
