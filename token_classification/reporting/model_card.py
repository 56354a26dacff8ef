"""The model card (README.md of the model folder): what the model does, how well, per type, and how it was made."""

from collections.abc import Mapping
from pathlib import Path

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from token_classification.arguments import DataArguments, ModelArguments, NerTrainingArguments
from token_classification.data.labels import LabelSet
from token_classification.scoring.evaluate import SplitResults

CARD = """---
{metadata}
---

# {title}

Token classification ({task}), fine-tuned from `{base_model}` on `{dataset}`.

Labels ({scheme}): {labels}

## Scores

{scores}

Entity scores count whole entities, as conlleval does; strict: the tags must also be legal in the scheme.
Long sentences are read in windows of {window_length} sub-tokens; every word is tagged and scored once.

## Training

Epochs {epochs}, batch size {batch_size}, learning rate {learning_rate}, seed {seed}.
Arguments, versions and data checksums: `run.json`.

## Use

```python
from transformers import pipeline

pipeline("token-classification", model="{folder}", aggregation_strategy="first")("Some text")
```
"""


def write_model_card(
    folder: Path,
    arguments: tuple[ModelArguments, DataArguments, NerTrainingArguments],
    label_set: LabelSet,
    window_length: int,
    results: Mapping[str, SplitResults],
) -> None:
    """Write `README.md` with valid Hub metadata and a table per scored split ("evaluation", "test")."""
    model, data, training = arguments
    base_model, hub_model = _name_source(model.model_name_or_path)
    file = data.train_file or data.validation_file or data.test_file
    dataset, hub_dataset = _name_source(data.dataset_name) if data.dataset_name else (Path(file).name, None)
    scored = {split: result for split, result in results.items() if "f1" in result.metrics}
    metadata = ModelCardData(
        model_name=folder.resolve().name,
        library_name="transformers",
        pipeline_tag="token-classification",
        base_model=hub_model,
        datasets=[hub_dataset] if hub_dataset else None,
        tags=["token-classification", data.task_name],
        eval_results=_list_results(scored, dataset) or None,
    )
    card = CARD.format(
        metadata=metadata.to_yaml(),
        title=folder.resolve().name,
        task=data.task_name,
        base_model=base_model,
        dataset=dataset,
        scheme=label_set.scheme,
        labels=", ".join(f"`{name}`" for name in label_set.names),
        scores="\n\n".join(_format_table(split, result) for split, result in scored.items()) or "Not scored.",
        window_length=window_length,
        epochs=training.num_train_epochs,
        batch_size=training.train_batch_size,
        learning_rate=training.learning_rate,
        seed=training.seed,
        folder=folder.name,
    )
    ModelCard(card).save(folder / "README.md")


def _name_source(name: str) -> tuple[str, str | None]:
    """What to call a model or data set, and its name on the Hub; a path of this machine has none."""
    return (Path(name).name, None) if Path(name).exists() else (name, name)


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


def _format_table(split: str, result: SplitResults) -> str:
    """A Markdown table: a row per type, then the micro and macro averages."""
    metrics = result.metrics
    lines = [f"### {split.capitalize()}: {metrics['samples']:,} sentences, {metrics['words']:,} words", ""]
    lines += ["| type | precision | recall | F1 | number |", "| --- | ---: | ---: | ---: | ---: |"]
    lines += [
        f"| {name} | {row['precision']:.4f} | {row['recall']:.4f} | {row['f1']:.4f} | {row['number']:,} |"
        for name, row in result.types.items()
    ]
    number = sum(row["number"] for row in result.types.values())
    lines.append(
        f"| **micro** | {metrics['precision']:.4f} | {metrics['recall']:.4f} | {metrics['f1']:.4f} | {number:,} |"
    )
    lines.append(f"| **macro** | | | {metrics['macro_f1']:.4f} | |")
    if "strict_f1" in metrics:
        strict = " | ".join(f"{metrics[f'strict_{name}']:.4f}" for name in ("precision", "recall", "f1"))
        lines.append(f"| **strict** | {strict} | |")
    lines += ["", f"Word accuracy: {metrics['accuracy']:.4f}"]
    return "\n".join(lines)
