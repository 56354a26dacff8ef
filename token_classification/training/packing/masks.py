"""How a model is told which positions of a row see each other."""

import inspect
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel

Masks = torch.Tensor | dict[str, torch.Tensor]
"""One mask for all layers, or one for each type of layer"""

HIDDEN = float(torch.finfo(torch.float16).min)
"""What is added to the score of a position that is not looked at; float16 and bfloat16 have this number, too"""


@dataclass(frozen=True)
class MaskForm:
    """One way to hide the windows of a row from each other."""

    is_causal: bool = False
    """A position looks at none behind it."""
    is_added: bool = False
    """Numbers that are added to the scores, float32; otherwise bool, False for what is not looked at"""
    goes_to_encoder: bool = False
    """The encoder gets it: what stands before it in the model takes a mask of positions only."""
    argument: str = "attention_mask"
    gap: int = 0
    """Positions of padding between two windows, for models that mix the embeddings of neighbours"""
    in_segments: bool = False
    """No mask: all windows lie in one row, and attention gets their borders (`segments.py`)"""


MASK_FORMS = (
    MaskForm(),
    MaskForm(is_added=True),
    MaskForm(is_causal=True),
    MaskForm(is_causal=True, is_added=True),
    MaskForm(goes_to_encoder=True),
    MaskForm(goes_to_encoder=True, is_added=True),
    MaskForm(argument="perm_mask"),
    MaskForm(gap=1),
    MaskForm(gap=1, is_added=True),
)
"""In the order in which they are tried"""
SEGMENTED = MaskForm(argument="cu_seq_lens_q", in_segments=True)
"""Tried before all others, where the hardware computes it"""


def list_forms(model: PreTrainedModel) -> list[MaskForm]:
    """List the forms that a model can take, as far as its classes tell."""
    base = cast(PreTrainedModel, model.base_model)
    is_fused = base.config._attn_implementation == "sdpa"
    encoder = getattr(base, "encoder", None)

    def can_take(form: MaskForm) -> bool:
        module = encoder if form.goes_to_encoder else base
        if not isinstance(module, nn.Module) or form.argument not in inspect.signature(module.forward).parameters:
            return False
        # torch's own attention takes bool, models' own adds what it is given to the scores; encoders do as they like.
        return form.goes_to_encoder or form.argument != "attention_mask" or form.is_added != is_fused

    return [form for form in MASK_FORMS if can_take(form)]


def find_ranges(config: PreTrainedConfig, longest_window: int) -> dict[str, int | None]:
    """Find how far the layers of each type look: positions to either side; None: as far as the longest window goes."""
    distance = getattr(config, "sliding_window", None)
    kinds = getattr(config, "layer_types", None) or ["full_attention" if distance is None else "sliding_attention"]
    if distance is None or longest_window <= distance:
        return dict.fromkeys(kinds)
    return {kind: distance if kind == "sliding_attention" else None for kind in kinds}


def make_masks(owner: np.ndarray, form: MaskForm, ranges: Mapping[str, int | None]) -> Masks:
    """Make what a model takes, so that each position sees its own window only.

    Args:
        owner: Number of the window that holds each position, int64 (rows, length).
        form: How the model takes it.
        ranges: See `find_ranges`.

    Returns:
        One mask (rows, 1, length, length), or one for each type of layer if they differ.
    """
    sees = owner[:, None, :, None] == owner[:, None, None, :]
    distance = np.subtract.outer(np.arange(owner.shape[1]), np.arange(owner.shape[1]))
    if form.is_causal:
        sees &= distance >= 0

    def limit(reach: int | None) -> torch.Tensor:
        # A causal range counts the position itself, as the library's masks do.
        near = sees if reach is None else sees & (abs(distance) <= reach - form.is_causal)
        mask = torch.from_numpy(near)
        if form.argument == "perm_mask":
            return (~mask[:, 0]).float()
        return torch.zeros(mask.shape).masked_fill_(~mask, HIDDEN) if form.is_added else mask

    masks = {kind: limit(reach) for kind, reach in ranges.items()}
    return masks if len({*ranges.values()}) > 1 else next(iter(masks.values()))


@contextmanager
def handing_masks_to_encoder(model: PreTrainedModel) -> Iterator[None]:
    """Have the encoder of a model get the masks of packed rows, and the rest of it a mask of ones; then undo it.

    Masks of positions, (rows, length), go their usual way.
    """
    base = cast(PreTrainedModel, model.base_model)
    encoder = cast(nn.Module, base.encoder)
    signature = inspect.signature(encoder.forward)

    # Kept in the modules that are called, not in this function: DataParallel runs copies of them side by side.
    def keep(called: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        mask: torch.Tensor | None = kwargs.get("attention_mask")
        if mask is None or mask.dim() != 4:
            return args, kwargs
        vars(called.encoder)["packed_mask"] = mask
        everywhere = torch.ones(mask.shape[0], mask.shape[-1], dtype=torch.int64, device=mask.device)
        return args, {**kwargs, "attention_mask": everywhere}

    def hand_over(called: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        mask = vars(called).pop("packed_mask", None)
        if mask is None:
            return args, kwargs
        given = signature.bind(*args, **kwargs)
        given.arguments["attention_mask"] = mask
        return given.args, given.kwargs

    with ExitStack() as hooks:
        hooks.callback(base.register_forward_pre_hook(keep, with_kwargs=True).remove)
        hooks.callback(encoder.register_forward_pre_hook(hand_over, with_kwargs=True).remove)
        hooks.callback(vars(encoder).pop, "packed_mask", None)
        yield
