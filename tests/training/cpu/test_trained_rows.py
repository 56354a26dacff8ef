import pytest
import torch
from torch import nn
from transformers import CanineConfig, CanineForTokenClassification

from token_classification.training.cpu.trained_rows import TrainedRows, find_table, keep_state_whole

SEEN = torch.tensor([0, 2, 5, 6])


@pytest.fixture
def table() -> nn.Embedding:
    torch.manual_seed(0)
    return nn.Embedding(8, 3, padding_idx=0)


def learn(embeddings: nn.Module, steps: int, optimizer: torch.optim.Optimizer | None = None) -> torch.optim.Optimizer:
    """Some steps of Adam on batches of seen ids; gives the optimizer."""
    optimizer = optimizer or torch.optim.AdamW(embeddings.parameters(), lr=0.1, weight_decay=0.0)
    for step in range(steps):
        ids = SEEN[torch.tensor([[step % 4, (step + 1) % 4, 0]])]
        embeddings(ids).pow(2).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    return optimizer


def test_learns_what_the_whole_table_learns(table):
    whole = nn.Embedding.from_pretrained(table.weight.detach().clone(), freeze=False, padding_idx=0)
    rows = TrainedRows(table, SEEN)
    learn(rows, 7)
    learn(whole, 7)
    assert torch.equal(rows.weight, whole.weight)
    assert torch.equal(table.weight, whole.weight)


def test_training_refuses_ids_that_it_was_not_told_of(table):
    with pytest.raises(IndexError):
        TrainedRows(table, SEEN)(torch.tensor([1]))


def test_evaluation_knows_every_id_and_what_was_learned(table):
    rows = TrainedRows(table, SEEN)
    learn(rows, 3)
    learned = rows.rows[1].detach().clone()
    embedded = rows.eval()(torch.arange(8))
    assert torch.equal(embedded, table.weight)
    assert torch.equal(embedded[2], learned)


def test_saves_and_loads_as_the_table_that_it_stands_for(table):
    rows = TrainedRows(table, SEEN)
    learn(rows, 3)
    state = nn.Sequential(rows).state_dict()
    assert list(state) == ["0.weight"]
    other = nn.Embedding(8, 3, padding_idx=0)
    nn.Sequential(other).load_state_dict(state)
    assert torch.equal(other.weight, table.weight)
    fresh = TrainedRows(nn.Embedding(8, 3, padding_idx=0), SEEN)
    nn.Sequential(fresh).load_state_dict(state)
    assert torch.equal(fresh.rows, rows.rows)
    assert torch.equal(fresh.weight, table.weight)


@pytest.mark.parametrize("continues_whole", [True, False])
def test_optimizer_state_is_that_of_the_whole_table(table, continues_whole):
    uninterrupted = nn.Embedding.from_pretrained(table.weight.detach().clone(), freeze=False, padding_idx=0)
    learn(uninterrupted, 3, learn(uninterrupted, 3))

    rows = TrainedRows(table, SEEN)
    optimizer = torch.optim.AdamW([nn.Parameter(torch.ones(8, 3)), rows.rows], lr=0.1, weight_decay=0.0)
    keep_state_whole(optimizer, rows)
    state = learn(rows, 3, optimizer).state_dict()
    assert state["state"][1]["exp_avg"].shape == (8, 3)
    # The optimizer itself goes on with its rows.
    assert optimizer.state[rows.rows]["exp_avg"].shape == (4, 3)

    continued = nn.Embedding.from_pretrained(rows.weight.detach().clone(), freeze=False, padding_idx=0)
    if not continues_whole:
        continued = TrainedRows(continued, SEEN)
    parameter = next(continued.parameters())
    optimizer = torch.optim.AdamW([nn.Parameter(torch.ones(8, 3)), parameter], lr=0.1, weight_decay=0.0)
    keep_state_whole(optimizer, continued)
    optimizer.load_state_dict(state)
    learn(continued, 3, optimizer)
    assert torch.equal(continued.weight, uninterrupted.weight)


def test_a_model_without_a_table_of_sub_tokens_has_none():
    config = CanineConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, num_hash_buckets=64)
    assert find_table(CanineForTokenClassification(config)) is None


def test_a_table_of_two_names_is_loaded_from_the_one_in_the_file(table):
    rows = TrainedRows(table, SEEN)
    model = nn.ModuleDict({"shared": rows, "encoder": rows})
    values = torch.full((8, 3), 7.0)
    found = model.load_state_dict({"shared.weight": values}, strict=False)
    assert "encoder.weight" in found.missing_keys
    assert torch.equal(table.weight, values)
    assert torch.equal(rows.rows, values[SEEN])
