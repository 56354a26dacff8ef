"""The model card (README.md of the model folder): what the model does, how well, per type, and how it was made."""

import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from token_classification.arguments.learning import LearningArguments
from token_classification.arguments.run import RunArguments
from token_classification.data.levels import LabelLevels, Labels
from token_classification.data.load import Corpus, describe_files
from token_classification.data.schemes import Scheme
from token_classification.data.whole_files import write_whole
from token_classification.hardware import describe_hardware
from token_classification.modeling.adapter_base import read_adapter
from token_classification.output_text import dump_json, make_printable, quote_argument
from token_classification.recipe import Recipe
from token_classification.reporting.evaluation import Evaluation
from token_classification.reporting.run_record import hide_secrets
from token_classification.scoring.evaluate import SplitResults, name_results
from token_classification.scoring.intervals import Score
from token_classification.scoring.metrics import OVERALL, SHARES, STRICT

CARD = """---
{metadata}
---

# {title}

A token classification model for {task}, fine-tuned from {base_model} on {dataset}.

Labels{scheme}: {labels}

## Use

{use}
{own_code}
## Scores

{scores}

{meaning}

## Limits

{limits}

## Data

{data}

## Training

{training}

```bash
{command}
```

`run.json` records all arguments, library versions and data files.
"""

USE = """```python
from transformers import pipeline

tagger = pipeline("token-classification", model={folder}, {trust}aggregation_strategy="first")
tagger("Some text")
```"""
USE_OF_LEVELS = """The model finds nested entities. Its outputs are the labels of {levels} side by side, which other
programs would take for one; so only this project loads it:

{here}"""
USE_HERE = """```python
from token_classification import Predictor

predictor = Predictor.from_pretrained({folder})
predictor("Some text")
```"""

USE_OF_ADAPTER = """These are adapters (LoRA) and a head; the encoder that they belong to is loaded with them:

```python
from peft import PeftModel
from transformers import AutoConfig, AutoModelForTokenClassification, AutoTokenizer, pipeline

encoder = AutoModelForTokenClassification.from_pretrained({base}, config=AutoConfig.from_pretrained({folder}))
model = PeftModel.from_pretrained(encoder, {folder}).merge_and_unload()
tokenizer = AutoTokenizer.from_pretrained({folder})
tagger = pipeline("token-classification", model=model, tokenizer=tokenizer, aggregation_strategy="first")
tagger("Some text")
```"""

USE_OF_ADAPTER_HERE = """These are adapters (LoRA) and a head of several layers, which only this project loads:

{here}"""

OWN_CODE = """
The library has no class for this model: its code is in {files}, and `trust_remote_code=True` runs it. Read it first.
"""

INTERVALS = "Intervals: percentile bootstrap over sentences. Errors and slices: `report/report.html`."

TASKS = {"ner": "named entity recognition", "pos": "part-of-speech tagging", "chunk": "chunking"}
"""What the tasks are called; others are called by the name that was given"""

MEANING_OF_LEVELS = "Without a level: the entities of all levels together, each right or wrong on its own level.\n"

LONG_SENTENCES = {
    "window": "Sentences of more than {length} sub-tokens are read in overlapping windows; no word is lost.",
    "truncate": "Sentences are cut off after {length} sub-tokens; the words beyond are tagged `O` and scored as such.",
    "error": "No sentence has more than {length} sub-tokens.",
}
DECODERS = {
    "argmax": "Each word gets its most probable tag; no score threshold is applied.",
    "viterbi": "Each sentence gets the most probable sequence of tags that the scheme allows (Viterbi); no score "
    "threshold is applied.",
}

MARKUP = re.compile(r"[\\`*\[\]<>|&~$#]|(?<!\w)_|_(?!\w)")
"""What Markdown would not show as it is; an underscore between letters it would"""

STARTED_AS = {"run_ner.py": "python run_ner.py", "__main__.py": "python -m token_classification"}
"""File that Python runs -> what was typed"""


def write_model_card(
    path: Path,
    arguments: RunArguments,
    recipe: Recipe,
    corpus: Corpus,
    label_set: Labels,
    window_length: int,
    results: Mapping[str, SplitResults],
    evaluations: Mapping[str, Evaluation],
) -> None:
    """Write a card with valid Hub metadata and a table per scored split.

    Args:
        path: `README.md` in the model's folder.
        arguments: The settings of the run.
        recipe: How it learnt.
        corpus: All splits, for their sizes and checksums.
        label_set: Names and scheme.
        window_length: Longest model input, in sub-tokens.
        results: Scores of each split.
        evaluations: Their intervals; empty where none were computed.
    """
    data, folder = arguments.data, path.parent
    adapter = read_adapter(folder)
    base_model, hub_model = _name_source(arguments.model.model_name_or_path)
    file = data.train_file or data.validation_file or data.test_file
    dataset, hub_dataset = _name_source(data.dataset_name) if data.dataset_name else (_name_file(str(file)), None)
    scored = {split: result for split, result in results.items() if "f1" in result.metrics}
    metadata = ModelCardData(
        model_name=_name_file(str(folder.resolve())),
        library_name="transformers" if adapter is None else "peft",
        pipeline_tag="token-classification",
        base_model=hub_model,
        datasets=[hub_dataset] if hub_dataset else None,
        tags=["token-classification", data.task_name],
        eval_results=_list_results(scored, hub_dataset, corpus) or None,
    )
    tables = [_format_table(name, result, evaluations.get(name)) for name, result in name_results(scored).items()]
    levels = list(label_set.sets) if isinstance(label_set, LabelLevels) else []
    own_code = ", ".join(f"`{path.name}`" for path in sorted(folder.glob("*.py")))
    use = USE_OF_LEVELS if levels else USE
    if adapter is not None and not levels:
        use, own_code = (USE_OF_ADAPTER_HERE if own_code else USE_OF_ADAPTER), ""
    name = dump_json(folder.name, indent=None)
    card = CARD.format(
        metadata=metadata.to_yaml(),
        title=escape_markdown(_name_file(str(folder.resolve()))),
        task=TASKS.get(data.task_name, escape_markdown(data.task_name)),
        base_model=mark_as_code(base_model),
        dataset=mark_as_code(dataset),
        scheme="" if label_set.scheme == Scheme.PLAIN else f" ({label_set.scheme.upper()})",
        labels=", ".join(map(mark_as_code, label_set.names)),
        use=use.format(
            folder=name,
            base=dump_json(hub_model or base_model, indent=None),
            here=USE_HERE.format(folder=name),
            trust="trust_remote_code=True, " if own_code else "",
            levels=f"{len(levels)} levels ({', '.join(levels)})",
        ),
        own_code=OWN_CODE.format(files=own_code) if own_code else "",
        scores="\n\n".join(tables) or "Not scored.",
        meaning=(
            (MEANING_OF_LEVELS if levels else "")
            + _explain_scores(arguments, label_set.scheme, window_length, bool(evaluations))
        ),
        limits=_describe_limits(label_set.scheme, has_levels=bool(levels)),
        data=_format_data(corpus),
        training=_describe_training(arguments, recipe),
        command=_format_command(hide_secrets(arguments.command_line)),
    )
    write_whole(path, ModelCard(card).content)


def _explain_scores(arguments: RunArguments, scheme: Scheme, window_length: int, has_intervals: bool) -> str:
    """Say what counts as right, and how the tags came about."""
    counted = (
        "An entity is right if its type and all of its words are right, as conlleval counts. "
        f"**strict** counts only entities whose tags are legal in {scheme.upper()}."
    )
    if scheme == Scheme.PLAIN:
        counted = "Each word counts by itself, so micro precision, recall and F1 are the word accuracy."
    decoding = arguments.decoding
    windows = LONG_SENTENCES[decoding.long_sentences].format(length=window_length)
    return "\n".join(
        [counted, windows, DECODERS[decoding.decoder or "argmax"], *([INTERVALS] if has_intervals else [])]
    )


def _describe_limits(scheme: Scheme, *, has_levels: bool) -> str:
    """Say what the scores do not promise."""
    limits = "The scores are those on the data below; other domains, languages and spellings were not tested."
    if has_levels:
        return f"{limits}\nEntities of one level do not overlap; deeper levels than those of the data are not found."
    return limits if scheme == Scheme.PLAIN else f"{limits}\nEntities that overlap or lie inside others are not found."


def _describe_training(arguments: RunArguments, recipe: Recipe) -> str:
    """Say how long the model was trained, with which settings, on what."""
    training = arguments.training
    length = f"{training.max_steps:,} steps" if training.max_steps > 0 else f"{training.num_train_epochs:g} epochs"
    can_stop = training.early_stopping_patience is not None or recipe.early_stopping is not None
    can_stop = can_stop or training.time_budget is not None
    batch_size = training.train_batch_size * training.gradient_accumulation_steps * training.world_size
    hardware = describe_hardware(training.device, training.world_size)
    learning = _describe_learning(recipe, arguments.learning)
    return (
        f"{'At most ' if can_stop else ''}{length}, batch size {batch_size:,}, learning rate "
        f"{training.learning_rate:g}, seed {training.seed}, on {hardware}, with Transformers "
        f"{version('transformers')} and PyTorch {version('torch')}.{learning}"
    )


def _describe_learning(recipe: Recipe, learning: LearningArguments) -> str:
    """Say in one more sentence what was learnt differently from the default; empty where nothing was."""
    parts = []
    if recipe.head is not None:
        layers = f"{recipe.head.layers} layers ({recipe.head.activation})" if recipe.head.layers > 1 else "one layer"
        parts.append(f"a head of {layers} after a dropout of {recipe.head.dropout:g}")
    if learning.lora_rank is not None:
        parts.append(f"adapters (LoRA) of rank {learning.lora_rank}")
    if recipe.balances_classes:
        parts.append("labels weighted against their frequency")
    if recipe.optimizer is not None:
        parts.append(f"the optimizer {getattr(recipe.optimizer, 'name', recipe.optimizer)}")
    if learning.augment is not None:
        parts.append(f"perturbed copies of half of the sentences ({learning.augment})")
    return f" With {', '.join(parts)}." if parts else ""


def escape_markdown(text: str) -> str:
    r"""Escape what Markdown would take for markup or HTML, in the cell of a table, too.

    >>> print(escape_markdown("B_PER <b> a|b"))
    B_PER \<b\> a\|b
    """
    return MARKUP.sub(r"\\\g<0>", make_printable(text))


def mark_as_code(text: str) -> str:
    """Put the text between backticks: one more than it has in a row.

    >>> print(mark_as_code("B-PER"), mark_as_code("a`b"))
    `B-PER` `` a`b ``
    """
    text = make_printable(text)
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"`{text}`" if fence == "`" else f"{fence} {text} {fence}"


def _format_command(command_line: list[str]) -> str:
    """Return the command as it is typed."""
    program = Path(command_line[0]).name
    return " ".join([STARTED_AS.get(program, program), *map(_quote_argument, command_line[1:])])


def _quote_argument(argument: str) -> str:
    """Quote an argument; of a path on this machine, which no reader has, only the name is left."""
    flag, equals, value = argument.rpartition("=") if argument.startswith("--") else ("", "", argument)
    return quote_argument(f"{flag}{equals}{Path(value).name if Path(value).is_absolute() else value}")


def _format_data(corpus: Corpus) -> str:
    """Return a Markdown table: size and checksum of each split."""
    lines = ["| split | source | sentences | words | SHA-256 of the file |", "| --- | --- | ---: | ---: | --- |"]
    for split, about in describe_files(corpus).items():
        checksum = f"`{about['sha256']}`" if "sha256" in about else ""
        source = Path(about["source"]).name if "sha256" in about else about["source"]
        lines.append(
            f"| {split} | {escape_markdown(source)} | {about['sentences']:,} | {about['words']:,} | {checksum} |"
        )
    return "\n".join(lines)


def _name_source(name: str) -> tuple[str, str | None]:
    """Return what to call a model or data set, and its name on the Hub; a path on this machine has none."""
    return (_name_file(name), None) if Path(name).exists() else (name, name)


def _name_file(path: str) -> str:
    return make_printable(Path(path).name)


def _list_results(scored: Mapping[str, SplitResults], hub_dataset: str | None, corpus: Corpus) -> list[EvalResult]:
    """List the scores for the metadata; without a data set of the Hub they are those of a file."""
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
        for dataset in [hub_dataset or _name_file(corpus.sources[split])]
        for metric in OVERALL
    ]


def _format_table(split: str, result: SplitResults, evaluation: Evaluation | None) -> str:
    """Return a Markdown table: a row per type, then the micro and macro averages; intervals where they are known."""
    metrics = result.metrics
    types, micro, macro, strict = {}, None, None, None
    if evaluation is not None:
        types = {name: row.f1 for name, row in evaluation.types.items()}
        micro, macro = evaluation.micro.f1, evaluation.macro
        strict = evaluation.strict.f1 if evaluation.strict else None
    lines = [
        f"### {split.capitalize()}: {metrics['samples']:,} sentences, {metrics['words']:,} words",
        "",
        "| type | precision | recall | F1 | 95% interval of F1 | in gold |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        _format_row(escape_markdown(name), [row[share] for share in SHARES], types.get(name), f"{row['number']:,}")
        for name, row in result.types.items()
    ]
    number = sum(row["number"] for row in result.types.values())
    lines.append(_format_row("**micro**", [metrics[share] for share in SHARES], micro, f"{number:,}"))
    lines.append(_format_row("**macro**", [None, None, metrics["macro_f1"]], macro, ""))
    if "strict_f1" in metrics:
        lines.append(_format_row("**strict**", [metrics[share] for share in STRICT], strict, ""))
    return "\n".join([*lines, "", f"Word accuracy: {metrics['accuracy']:.4f}"])


def _format_row(name: str, scores: Sequence[float | None], f1: Score | None, number: str) -> str:
    cells = [name, *("" if score is None else f"{score:.4f}" for score in scores)]
    cells += ["" if f1 is None else f"{f1.low:.4f} to {f1.high:.4f}", number]
    return f"| {' | '.join(cells)} |"
