"""Which model of several trainings is kept: the best, or the average of all."""

import re
import shutil

from token_classification.data.results_folder import claim_files
from token_classification.data.whole_files import write_whole
from token_classification.modeling.average import average_models, copy_model
from token_classification.reporting.outputs import CARD
from token_classification.seeds.plan import SeedPlan
from token_classification.seeds.record import SeedsRecord

AVERAGE = "average"
PLAIN_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
"""A folder's name that is written alike in Markdown, YAML and JSON"""


def keep_model(plan: SeedPlan, record: SeedsRecord) -> str:
    """Put the model that is kept into the output folder.

    Returns:
        Which one it is, for people.
    """
    if not plan.arguments.seeds.keeps_best:
        return keep_average(plan)
    name, seed = choose_best(plan, record)
    copy_model(plan.folder_of(seed), plan.folder)
    return f"that of seed {seed}, whose {name} is the best"


def adopt_card(plan: SeedPlan, record: SeedsRecord, table: str) -> None:
    """Write the card of the best model into the output folder, with the scores of all seeds; an average has none."""
    if not plan.arguments.seeds.keeps_best:
        return
    source = plan.folder_of(choose_best(plan, record)[1])
    card, name = (source / CARD).read_text(encoding="utf-8"), plan.folder.resolve().name
    if PLAIN_NAME.fullmatch(name):
        card = card.replace(source.name, name)
    claim_files(plan.folder, [CARD])
    write_whole(plan.folder / CARD, f"{card.rstrip()}\n\n## Seeds\n\n```text\n{table}```\n")


def choose_best(plan: SeedPlan, record: SeedsRecord) -> tuple[str, int]:
    """Return by which validation score the best model is chosen, and its seed; the first of equally good ones."""
    training = plan.arguments.training
    name = f"eval_{(training.metric_for_best_model or 'f1').removeprefix('eval_')}"
    sign = -1 if training.metric_for_best_model and not training.greater_is_better else 1
    return name, max(plan.seeds, key=lambda seed: sign * record.scores[seed][name])


def keep_average(plan: SeedPlan) -> str:
    """Average the weights of all trainings into the output folder."""
    folder = plan.folder / AVERAGE
    # An earlier call may have averaged fewer seeds.
    shutil.rmtree(folder, ignore_errors=True)
    average_models([plan.folder_of(seed) for seed in plan.seeds], folder)
    copy_model(folder, plan.folder)
    shutil.rmtree(folder)
    return f"the average of the weights of {len(plan.seeds)} trainings"
