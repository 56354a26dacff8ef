"""`seeds.json` and `seeds.txt`: what each seed scored, and how much seeds differ."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from token_classification.data.results_folder import claim_files
from token_classification.data.whole_files import write_file_set, write_whole
from token_classification.errors import UserError
from token_classification.modeling.average import CONFIG_FILE
from token_classification.output_text import dump_json
from token_classification.scoring.metrics_file import ALL_RESULTS
from token_classification.scoring.several_runs import Spread, summarise
from token_classification.seeds.plan import SeedPlan
from token_classification.text_tables import format_table
from token_classification.training.survival.checkpoints import holds_something

logger = logging.getLogger(__name__)

RECORD, TABLE = "seeds.json", "seeds.txt"
SPLITS = {"eval": "validation", "predict": "test"}
SHOWN = ("precision", "recall", "f1", "strict_f1", "macro_f1", "accuracy")
"""Scores in the table; the record has all"""


@dataclass(frozen=True)
class SeedsRecord:
    """What is trained already."""

    settings: dict[str, object]
    scores: dict[int, dict[str, float]] = field(default_factory=dict)
    """Seed -> its `all_results.json`"""


def open_record(plan: SeedPlan) -> SeedsRecord:
    """Return what earlier calls of the same command have trained.

    Raises:
        UserError: the output folder is that of something else.
    """
    path, training = plan.folder / RECORD, plan.arguments.training
    if training.overwrite_output_dir or not path.exists():
        if not training.overwrite_output_dir and holds_something(plan.folder):
            raise UserError(
                f"--output_dir {plan.folder} already holds files, and no {RECORD} of a run with several seeds. Give "
                "another folder, or --overwrite_output_dir to train from scratch and write over it."
            )
        return SeedsRecord(plan.settings)
    content = read_record(path)
    known = content["settings"]
    differing = [name for name in plan.settings if known.get(name) != plan.settings[name]]
    if differing:
        listed = "; ".join(f"{name} is {plan.settings[name]}, and {known.get(name)} there" for name in differing)
        raise UserError(
            f"{path}: its trainings are others: {listed}. Accepted are the same settings with these or other seeds; "
            "give another --output_dir, or --overwrite_output_dir to start over."
        )
    scores = {int(seed): dict(found) for seed, found in content["seeds"].items()}
    return SeedsRecord(plan.settings, {seed: one for seed, one in scores.items() if _is_there(plan, seed)})


def read_record(path: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Read a `seeds.json`.

    Raises:
        UserError: it is broken.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {"settings": dict(content["settings"]), "seeds": dict(content["seeds"])}
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path}: broken ({type(error).__name__}); accepted: the file as this tool wrote it; give another "
            "--output_dir, or --overwrite_output_dir to start over."
        ) from None


def _is_there(plan: SeedPlan, seed: int) -> bool:
    """Tell whether the model of a finished training is still in its folder."""
    found = (plan.folder_of(seed) / CONFIG_FILE).is_file()
    if not found and seed in plan.seeds:
        logger.warning("%s holds no model any more; seed %s is trained again.", plan.folder_of(seed), seed)
    return found


def begin_record(plan: SeedPlan, record: SeedsRecord) -> None:
    """Claim the output folder, before anything is trained."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    claim_files(plan.folder, [RECORD, TABLE])
    write_whole(plan.folder / RECORD, _dump(record, {}))


def add_scores(plan: SeedPlan, record: SeedsRecord, seed: int) -> None:
    """Note that the training with a seed is finished."""
    path = plan.folder_of(seed) / ALL_RESULTS
    record.scores[seed] = json.loads(path.read_text(encoding="utf-8"))
    write_whole(plan.folder / RECORD, _dump(record, {}))


def finish_record(plan: SeedPlan, record: SeedsRecord, kept: str) -> str:
    """Write the record and the table of all seeds of the plan; returns the table."""
    scores = {seed: record.scores[seed] for seed in plan.seeds}
    spreads = compare_seeds(scores)
    text = f"{format_spreads(scores, spreads)}\n\nModel: {kept}\n"
    write_file_set(plan.folder, {RECORD: _dump(record, spreads), TABLE: text})
    return text


def compare_seeds(scores: Mapping[int, Mapping[str, float]]) -> dict[str, Spread]:
    """Return how much each score differs from seed to seed: `eval_f1` ... -> its spread."""
    common = set.intersection(*(set(one) for one in scores.values()))
    names = [
        f"{prefix}_{name}"
        for prefix in SPLITS
        for name in sorted({one.removeprefix(f"{prefix}_") for one in common if one.startswith(f"{prefix}_")})
        if name.endswith(("f1", "precision", "recall", "accuracy", "loss"))
    ]
    return {name: summarise([one[name] for one in scores.values()]) for name in names}


def format_spreads(scores: Mapping[int, Mapping[str, float]], spreads: Mapping[str, Spread]) -> str:
    """Format the scores of all seeds, in percent."""
    rows = [["", "mean", "+-", "95% interval of the mean", *(f"seed {seed}" for seed in scores)]]
    for prefix, split in SPLITS.items():
        for name in SHOWN:
            found = spreads.get(f"{prefix}_{name}")
            if found is not None:
                interval = f"{100 * found.low:.2f} .. {100 * found.high:.2f}"
                values = [f"{100 * one[f'{prefix}_{name}']:.2f}" for one in scores.values()]
                title = f"{split} {name.replace('f1', 'F1').replace('_', ' ')}"
                rows.append([title, f"{100 * found.mean:.2f}", f"{100 * found.deviation:.2f}", interval, *values])
    return format_table(rows)


def _dump(record: SeedsRecord, spreads: Mapping[str, Spread]) -> str:
    scores = {str(seed): one for seed, one in record.scores.items()}
    summary = {name: asdict(spread) for name, spread in spreads.items()}
    return dump_json({"settings": record.settings, "seeds": scores, "summary": summary})
