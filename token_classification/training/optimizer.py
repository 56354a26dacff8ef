"""Optimizers by the names of a NeMo spec, all of them torch's own."""

import difflib
from collections.abc import Iterable, Mapping

import torch
from torch import nn, optim
from transformers import PreTrainedModel

from token_classification.errors import UserError

OPTIMIZERS: dict[str, tuple[type[optim.Optimizer], tuple[str, ...]]] = {
    "adam": (optim.Adam, ("betas", "eps", "amsgrad", "weight_decay")),
    "adamw": (optim.AdamW, ("betas", "eps", "amsgrad", "weight_decay")),
    "sgd": (optim.SGD, ("momentum", "dampening", "nesterov", "weight_decay")),
    "adadelta": (optim.Adadelta, ("rho", "eps", "weight_decay")),
    "adamax": (optim.Adamax, ("betas", "eps", "weight_decay")),
    "adagrad": (optim.Adagrad, ("lr_decay", "initial_accumulator_value", "eps", "weight_decay")),
    "rmsprop": (optim.RMSprop, ("alpha", "eps", "momentum", "centered", "weight_decay")),
    "rprop": (optim.Rprop, ("etas", "step_sizes")),
}
"""Name -> torch's class, and the settings that a spec may give besides the learning rate."""

NOT_HERE = {"novograd": "adam or adamw", "lamb": "adamw"}
"""Names that NeMo knows but torch and transformers have no optimizer for -> what to take instead."""


def build_optimizer(
    name: str,
    parameters: Iterable[nn.Parameter],
    lr: float,
    weight_decay: float = 0.0,
    options: Mapping[str, object] | None = None,
) -> optim.Optimizer:
    """Build an optimizer over all parameters alike: NeMo exempts neither biases nor norms.

    `adam` adds the decay to the gradient (L2), `adamw` takes it off the weight.

    Args:
        name: `optim.name`.
        parameters: What to train.
        lr: Full learning rate, which a schedule then takes shares of.
        weight_decay: 0 for none.
        options: Further keys of `optim` (`betas`, `eps`, `momentum` ...); null is torch's default.

    Raises:
        UserError: an optimizer or a setting that doesn't exist, or a value that torch refuses.
    """
    optimizer, accepted = _find_optimizer(name)
    if not lr > 0:
        raise UserError(f"optim.lr={lr}: the learning rate has to be above 0; the usual one is optim.lr=5e-5.")
    settings = {key: value for key, value in (options or {}).items() if value is not None}
    if weight_decay or "weight_decay" in accepted:
        settings["weight_decay"] = weight_decay
    for key in settings:
        if key not in accepted:
            raise UserError(f"optim.{key}: {name} has no such setting; it takes {', '.join(accepted)}. Leave it out.")
    # YAML has lists where torch wants tuples.
    settings = {key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()}
    try:
        return optimizer(parameters, lr=lr, **settings)
    except (TypeError, ValueError) as error:
        given = ", ".join(f"optim.{key}={value}" for key, value in settings.items())
        raise UserError(f"optim.name={name} does not take these values ({error}). Given: {given}.") from error


def set_head_learning_rate(optimizer: optim.Optimizer, model: PreTrainedModel, rate: float) -> None:
    """Give the parameters outside of the encoder a full learning rate of their own; schedules scale both alike."""
    encoder = {id(parameter) for parameter in model.base_model.parameters()}
    groups = []
    for group in optimizer.param_groups:
        inside = [parameter for parameter in group["params"] if id(parameter) in encoder]
        head = [parameter for parameter in group["params"] if id(parameter) not in encoder]
        groups += [{**group, "params": inside}, {**group, "params": head, "lr": rate}]
    optimizer.param_groups[:] = [group for group in groups if group["params"]]


def _find_optimizer(name: str) -> tuple[type[torch.optim.Optimizer], tuple[str, ...]]:
    if name in OPTIMIZERS:
        return OPTIMIZERS[name]
    working = ", ".join(OPTIMIZERS)
    if name in NOT_HERE:
        raise UserError(
            f"optim.name={name}: torch and transformers have no such optimizer; those that work: {working}. "
            f"Nearest to it: {NOT_HERE[name]}."
        )
    near = difflib.get_close_matches(name.lower(), OPTIMIZERS, n=1, cutoff=0.5)
    hint = f"optim.name={near[0] if near else 'adam'}"
    raise UserError(f"optim.name={name}: no such optimizer; those that work: {working}. Give for example {hint}.")
