"""Embeddings of the sub-tokens that a training can see, apart from the rest of the vocabulary."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import PreTrainedModel

State = dict[str, Any]
"""What an optimizer or a module saves"""


class TrainedRows(nn.Module):
    """An embedding table of which only some rows are trained.

    The gradient of a row that no batch can name is zero: Adam's moments stay zero and, without weight decay, so does
    every update. Leaving these rows out of gradient, clipping and optimizer changes nothing but the time: of BERT's
    30,522 rows WNUT'17 names 8,954, and the table is half of a small encoder.

    The module looks like the table that it stands for: `state_dict` holds the one entry `weight` with all rows.
    """

    def __init__(self, table: nn.Embedding, sub_tokens: torch.Tensor) -> None:
        """Take the place of a table.

        Args:
            table: The embeddings; its rows are written back to it by `write_back`.
            sub_tokens: int64, distinct ids that a batch can hold, padding included.
        """
        super().__init__()
        # In a tuple, so that its weight is no parameter of this module.
        self._table = (table,)
        self.sub_tokens = sub_tokens
        self.rows = nn.Parameter(table.weight.detach()[sub_tokens])
        self.places = torch.full((table.num_embeddings,), -1)
        self.places[sub_tokens] = torch.arange(len(sub_tokens))
        padding = table.padding_idx
        self.padding_place = None if padding is None or self.places[padding] < 0 else int(self.places[padding])

    @property
    def table(self) -> nn.Embedding:
        """Return the whole table as it was when rows were written back to it last."""
        return self._table[0]

    @property
    def weight(self) -> torch.Tensor:
        """Return the whole table as it is now, float32 (vocabulary, size)."""
        self.write_back()
        return self.table.weight

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        """Embed sub-tokens: in training those of the training data, in evaluation any.

        Raises:
            IndexError: in training, a sub-token that is none of those given.
        """
        if self.training:
            return functional.embedding(self.places[input_ids], self.rows, self.padding_place)
        return self.table(input_ids)

    def train(self, mode: bool = True) -> "TrainedRows":
        """Switch between training and evaluation, which reads the whole table."""
        if not mode:
            self.write_back()
        return super().train(mode)

    def write_back(self) -> None:
        """Write the rows as they are now into the whole table."""
        with torch.no_grad():
            self.table.weight[self.sub_tokens] = self.rows

    def widen(self, values: torch.Tensor) -> torch.Tensor:
        """Spread values of the rows, (rows, size) -> of the whole table, (vocabulary, size), zero elsewhere."""
        whole = torch.zeros(self.table.weight.shape, dtype=values.dtype)
        whole[self.sub_tokens] = values
        return whole

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        destination[f"{prefix}weight"] = self.weight if keep_vars else self.weight.detach()

    def _load_from_state_dict(
        self,
        state_dict: State,
        prefix: str,
        local_metadata: State,
        strict: bool,
        missing_keys: list[str],
        *others: object,
    ) -> None:
        name = f"{prefix}weight"
        if name not in state_dict:
            # A table of two names (T5) is in the file under one of them.
            missing_keys.append(name)
            return
        with torch.no_grad():
            self.table.weight.copy_(state_dict[name])
            self.rows.copy_(self.table.weight[self.sub_tokens])


def find_table(model: PreTrainedModel) -> nn.Module | None:
    """Return the module that embeds sub-tokens; None: the model has no such table (CANINE hashes characters)."""
    try:
        return model.get_input_embeddings()
    except NotImplementedError:
        return None


def keep_state_whole(optimizer: torch.optim.Optimizer, embeddings: nn.Module | None) -> None:
    """Have an optimizer save and load the state of the whole table, where only rows of it are trained.

    So a checkpoint can be continued where the whole table is trained: on a GPU, or with other data.
    """
    if not isinstance(embeddings, TrainedRows):
        return
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    number = next(place for place, parameter in enumerate(parameters) if parameter is embeddings.rows)

    def replace_state(state_dict: State, shape: torch.Size, change: Callable[[torch.Tensor], torch.Tensor]) -> State:
        state = state_dict["state"].get(number, {})
        changed = {name: change(value) if value.shape == shape else value for name, value in state.items()}
        return {**state_dict, "state": {**state_dict["state"], number: changed}} if state else state_dict

    def save(_: torch.optim.Optimizer, state_dict: State) -> State:
        return replace_state(state_dict, embeddings.rows.shape, embeddings.widen)

    def load(_: torch.optim.Optimizer, state_dict: State) -> State:
        return replace_state(state_dict, embeddings.table.weight.shape, lambda value: value[embeddings.sub_tokens])

    optimizer.register_state_dict_post_hook(save)
    optimizer.register_load_state_dict_pre_hook(load)
