"""Optimizers by name, all of them torch's own, and a learning rate of its own for the head."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import nn, optim
from transformers import PreTrainedModel

from token_classification.errors import UserError

OPTIMIZERS: dict[str, tuple[type[optim.Optimizer], tuple[str, ...]]] = {
    "adam": (optim.Adam, ("betas", "eps", "amsgrad")),
    "adamw": (optim.AdamW, ("betas", "eps", "amsgrad")),
    "sgd": (optim.SGD, ("momentum", "dampening", "nesterov")),
    "adadelta": (optim.Adadelta, ("rho", "eps")),
    "adamax": (optim.Adamax, ("betas", "eps")),
    "adagrad": (optim.Adagrad, ("lr_decay", "initial_accumulator_value", "eps")),
    "rmsprop": (optim.RMSprop, ("alpha", "eps", "momentum", "centered")),
    "rprop": (optim.Rprop, ("etas", "step_sizes")),
}
"""Name -> torch's class, and the settings that it may have besides learning rate and weight decay."""

FUSED = ("adam", "adamw", "sgd")
"""Those whose step torch does in one pass over each parameter, on the CPU, too: for Adam a third of the time"""
WITHOUT_DECAY = ("rprop",)


@dataclass(frozen=True)
class NamedOptimizer:
    """An optimizer that is still to be given its parameters: a factory for the trainer, and what is recorded of it.

    `adam` adds the weight decay to the gradient (L2), `adamw` takes it off the weight.

    Raises:
        UserError: a setting that the optimizer doesn't have, or a value that torch refuses.
    """

    name: str
    """One of `OPTIMIZERS`"""
    lr: float
    """Full learning rate, which a schedule then takes shares of"""
    weight_decay: float = 0.0
    """Of those groups that have none of their own; 0 for none"""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The optimizer's own settings (`betas`, `eps`, `momentum` ...)"""

    def __post_init__(self) -> None:
        accepted = OPTIMIZERS[self.name][1]
        for key in self.options:
            if key not in accepted:
                raise UserError(
                    f"--optim_args: {self.name} has no setting {key}; it takes {', '.join(accepted)}. Leave it out."
                )
        if self.weight_decay and self.name in WITHOUT_DECAY:
            raise UserError(f"--weight_decay {self.weight_decay}: {self.name} has no weight decay. Leave it out.")
        try:
            self([{"params": [nn.Parameter(torch.zeros(1))]}])
        except (TypeError, ValueError) as error:
            given = ", ".join(f"{key}={value}" for key, value in self.options.items())
            raise UserError(
                f"--optim_args: {self.name} does not take these values ({error}). Given: {given}."
            ) from error

    def __call__(self, groups: list[dict[str, Any]]) -> optim.Optimizer:
        """Build the optimizer over groups of parameters."""
        decay = {} if self.name in WITHOUT_DECAY else {"weight_decay": self.weight_decay}
        fused = {"fused": True} if self.name in FUSED else {}
        # Calls of different classes with what each of them takes.
        build: Any = OPTIMIZERS[self.name][0]
        return build(groups, lr=self.lr, **decay, **fused, **self.options)


def group_parameters(model: nn.Module, weight_decay: float, decayed: Iterable[str] | None) -> list[dict[str, Any]]:
    """Group the parameters that are trained by their weight decay.

    Args:
        model: The model.
        weight_decay: Of those that have one.
        decayed: Their names, the others have none; None: all have it.
    """
    trained = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    if decayed is None:
        return [{"params": list(trained.values()), "weight_decay": weight_decay}]
    names = set(decayed)
    return [
        {"params": [trained[name] for name in trained if name in names], "weight_decay": weight_decay},
        {"params": [trained[name] for name in trained if name not in names], "weight_decay": 0.0},
    ]


def decay_layer_rates(optimizer: optim.Optimizer, model: PreTrainedModel, decay: float) -> None:
    """Have each layer of the encoder learn more slowly than the one above it; schedules scale all alike.

    The layer next to the head has the full rate, each one below it `decay` times that of its neighbour, and the
    embeddings below all of them (Howard and Ruder, 2018, https://arxiv.org/abs/1801.06146; with one factor for all
    layers: Clark et al., 2020, https://arxiv.org/abs/2003.10555).

    Raises:
        UserError: the decay is less than 1, and the encoder has no list of layers of its own.
    """
    if decay == 1:  # nothing to find layers for, which some encoders do not have
        return
    depths = _measure_depths(model)
    groups = []
    for group in optimizer.param_groups:
        by_depth: dict[int, list[nn.Parameter]] = {}
        for parameter in group["params"]:
            by_depth.setdefault(depths.get(id(parameter), 0), []).append(parameter)
        groups += [
            {**group, "params": parameters, "lr": group["lr"] * decay**depth} for depth, parameters in by_depth.items()
        ]
    optimizer.param_groups[:] = groups


def _measure_depths(model: PreTrainedModel) -> dict[int, int]:
    """Count the layers above each parameter of the encoder that has any: `id` -> layers."""
    encoder = cast(PreTrainedModel, model.base_model)
    count = encoder.config.get_text_config().num_hidden_layers
    lists = [part for part in encoder.modules() if isinstance(part, nn.ModuleList) and len(part) == count]
    if not lists:
        raise UserError(
            f"--layerwise_lr_decay: {type(encoder).__name__} has no {count} layers one above the other with weights "
            "of their own; accepted: all layers at one rate, --layerwise_lr_decay 1."
        )
    depths = {
        id(parameter): count - 1 - number for number, layer in enumerate(lists[0]) for parameter in layer.parameters()
    }
    for name, parameter in encoder.named_parameters():
        if id(parameter) not in depths and "embed" in name:
            depths[id(parameter)] = count
    return depths


def set_head_learning_rate(optimizer: optim.Optimizer, model: PreTrainedModel, rate: float) -> None:
    """Give the parameters outside of the encoder a full learning rate of their own; schedules scale both alike."""
    encoder = {id(parameter) for parameter in model.base_model.parameters()}
    groups = []
    for group in optimizer.param_groups:
        inside = [parameter for parameter in group["params"] if id(parameter) in encoder]
        head = [parameter for parameter in group["params"] if id(parameter) not in encoder]
        groups += [{**group, "params": inside}, {**group, "params": head, "lr": rate}]
    optimizer.param_groups[:] = [group for group in groups if group["params"]]
