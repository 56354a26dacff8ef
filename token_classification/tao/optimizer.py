"""The optimizer of a spec, `model.optim`, among those that the engine has."""

from omegaconf import DictConfig, OmegaConf

from token_classification.errors import UserError
from token_classification.nearest_names import find_nearest
from token_classification.training.optimizer import OPTIMIZERS, NamedOptimizer

NOT_HERE = {"novograd": "adam or adamw", "lamb": "adamw"}
"""Names that NeMo knows but torch and transformers have no optimizer for -> what to take instead."""

NOT_OPTIONS = ("name", "lr", "head_lr", "weight_decay", "sched")
"""Keys of `model.optim` that are no settings of one optimizer"""


def translate_optimizer(optim: DictConfig) -> NamedOptimizer:
    """Choose the optimizer of a spec with its settings that are not null.

    Raises:
        UserError: an optimizer or a setting that doesn't exist, or a value that makes no sense.
    """
    settings = OmegaConf.to_container(optim)
    _check_name(settings["name"])
    if not settings["lr"] > 0:
        raise UserError(
            f"model.optim.lr={settings['lr']}: the learning rate has to be above 0; the usual one is "
            "model.optim.lr=5e-5."
        )
    options = {
        # YAML has lists where torch wants tuples.
        key: tuple(value) if isinstance(value, list) else value
        for key, value in settings.items()
        if key not in NOT_OPTIONS and value is not None
    }
    return NamedOptimizer(settings["name"], settings["lr"], settings["weight_decay"], options)


def _check_name(name: str) -> None:
    if name in OPTIMIZERS:
        return
    working = ", ".join(OPTIMIZERS)
    if name in NOT_HERE:
        raise UserError(
            f"model.optim.name={name}: torch and transformers have no such optimizer; those that work: {working}. "
            f"Nearest to it: {NOT_HERE[name]}."
        )
    near, *_ = [*find_nearest(name, OPTIMIZERS), "adam"]
    raise UserError(
        f"model.optim.name={name}: no such optimizer; those that work: {working}. Give for example "
        f"model.optim.name={near}."
    )
