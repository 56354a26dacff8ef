"""Optimizers by name, what is decayed, and a learning rate of its own for the head."""

import re

import pytest
import torch
from trainers import make_trainer
from transformers import (
    AlbertConfig,
    AutoModelForTokenClassification,
    DebertaV2Config,
    DistilBertConfig,
    ModernBertConfig,
    MPNetConfig,
)

from token_classification.arguments.training import NerTrainingArguments
from token_classification.errors import UserError
from token_classification.recipe import Recipe
from token_classification.training.optimizer import OPTIMIZERS, NamedOptimizer, decay_layer_rates


def make_parameters() -> list[torch.nn.Parameter]:
    """Weight and bias of a layer, with gradients of 0."""
    layer = torch.nn.Linear(2, 1)
    torch.nn.init.ones_(layer.weight)
    torch.nn.init.ones_(layer.bias)
    for parameter in layer.parameters():
        parameter.grad = torch.zeros_like(parameter)
    return list(layer.parameters())


def build(name: str, lr: float, weight_decay: float = 0.0, **options) -> torch.optim.Optimizer:
    """An optimizer over weight and bias."""
    return NamedOptimizer(name, lr, weight_decay, options)([{"params": make_parameters()}])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_name_gives_its_optimizer(name: str) -> None:
    optimizer = build(name, 5e-5)
    assert type(optimizer).__name__.lower() == name
    assert optimizer.param_groups[0]["lr"] == 5e-5
    optimizer.step()


@pytest.mark.parametrize(
    ("name", "options"), [("adam", {}), ("adam", {"amsgrad": True}), ("adamw", {}), ("sgd", {"momentum": 0.9})]
)
def test_the_fused_step_is_the_plain_one(name: str, options: dict) -> None:
    torch.manual_seed(0)
    start, gradients = torch.randn(40), [torch.randn(40) for _ in range(5)]
    fused_parameter, plain_parameter = (torch.nn.Parameter(start.clone()) for _ in range(2))
    fused = NamedOptimizer(name, 0.01, 0.1, options)([{"params": [fused_parameter]}])
    plain = OPTIMIZERS[name][0]([plain_parameter], lr=0.01, weight_decay=0.1, fused=False, **options)
    assert fused.param_groups[0]["fused"]
    for gradient in gradients:
        for parameter, optimizer in ((fused_parameter, fused), (plain_parameter, plain)):
            parameter.grad = gradient.clone()
            optimizer.step()
    assert torch.allclose(fused_parameter, plain_parameter, rtol=1e-5, atol=1e-6)
    assert not torch.allclose(fused_parameter, start, atol=1e-3)


def test_adam_has_the_settings_of_the_seed() -> None:
    group = build("adam", 5e-5).param_groups[0]
    assert {key: group[key] for key in ("amsgrad", "betas", "eps", "lr", "weight_decay")} == {
        "amsgrad": False,
        "betas": (0.9, 0.999),
        "eps": 1e-08,
        "lr": 5e-05,
        "weight_decay": 0.0,
    }


def test_adam_decays_through_the_gradient() -> None:
    optimizer = build("adam", 0.1, weight_decay=0.01)
    optimizer.step()
    # Without another gradient Adam's first step is the learning rate, whatever the decay; the bias goes along.
    for parameter in optimizer.param_groups[0]["params"]:
        assert torch.allclose(parameter, torch.full_like(parameter, 0.9), atol=1e-4)


def test_adamw_has_no_decay_unless_asked() -> None:
    assert build("adamw", 0.1).param_groups[0]["weight_decay"] == 0.0


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("sgd", {"betas": (0.9, 0.99)}, r"--optim_args: sgd has no setting betas; it takes momentum"),
        ("rprop", {"weight_decay": 0.01}, r"--weight_decay 0.01: rprop has no weight decay"),
        ("adam", {"betas": (2.0, 0.9)}, r"--optim_args: adam does not take .*Invalid beta.*betas=\(2.0, 0.9\)"),
    ],
)
def test_errors_say_what_works(name: str, settings: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        build(name, 5e-5, **settings)


@pytest.mark.parametrize("decays_all", [True, False])
def test_biases_and_norms_decay_only_where_the_recipe_says_so(decays_all, bert_folder, tmp_path) -> None:
    recipe = Recipe(optimizer=NamedOptimizer("adam", 1e-4, 0.1), decays_all_weights=decays_all)
    trainer = make_trainer(bert_folder, tmp_path, recipe=recipe, weight_decay=0.1)
    groups = trainer.create_optimizer().param_groups
    decays = {id(parameter): group["weight_decay"] for group in groups for parameter in group["params"]}
    assert len(groups) == (1 if decays_all else 2)
    assert len(decays) == len(list(trainer.model.parameters()))
    assert decays[id(trainer.model.classifier.weight)] == 0.1
    assert decays[id(trainer.model.classifier.bias)] == (0.1 if decays_all else 0.0)


def test_the_head_gets_its_own_learning_rate_and_the_schedule_scales_both(bert_folder, tmp_path) -> None:
    trainer = make_trainer(bert_folder, tmp_path, learning_rate=1e-4, head_learning_rate=1e-3, weight_decay=0.1)
    trainer.create_optimizer_and_scheduler(10)
    rates = {
        id(parameter): (group["lr"], group["weight_decay"])
        for group in trainer.optimizer.param_groups
        for parameter in group["params"]
    }
    model = trainer.model
    assert len(rates) == len(list(model.parameters()))
    assert rates[id(model.classifier.weight)] == (1e-3, 0.1)
    assert rates[id(model.classifier.bias)] == (1e-3, 0.0)
    assert rates[id(model.bert.encoder.layer[0].output.dense.weight)] == (1e-4, 0.1)
    assert rates[id(model.bert.embeddings.LayerNorm.weight)] == (1e-4, 0.0)
    for _ in range(5):
        trainer.lr_scheduler.step()
    assert [group["lr"] for group in trainer.optimizer.param_groups] == pytest.approx([5e-5, 5e-4, 5e-5, 5e-4])


def list_rates(trainer) -> dict[int, float]:
    """`id` of each parameter -> its rate."""
    groups = trainer.optimizer.param_groups
    return {id(parameter): group["lr"] for group in groups for parameter in group["params"]}


def test_each_layer_learns_more_slowly_than_the_one_above_it(bert_folder, tmp_path) -> None:
    trainer = make_trainer(
        bert_folder, tmp_path, learning_rate=1e-4, head_learning_rate=1e-3, layerwise_lr_decay=0.5, weight_decay=0.1
    )
    trainer.create_optimizer_and_scheduler(10)
    rates, model = list_rates(trainer), trainer.model
    assert len(rates) == len(list(model.parameters()))
    assert {rates[id(parameter)] for parameter in model.classifier.parameters()} == {1e-3}
    layers = [model.bert.embeddings, *model.bert.encoder.layer]
    for depth, layer in enumerate(reversed(layers)):
        assert {rates[id(parameter)] for parameter in layer.parameters()} == {1e-4 * 0.5**depth}
    decays = [group["weight_decay"] for group in trainer.optimizer.param_groups]
    assert sorted(set(decays)) == [0.0, 0.1]
    before = [group["lr"] for group in trainer.optimizer.param_groups]
    for _ in range(5):
        trainer.lr_scheduler.step()
    assert [group["lr"] for group in trainer.optimizer.param_groups] == pytest.approx([rate / 2 for rate in before])


def test_a_decay_of_1_is_one_rate(bert_folder, tmp_path) -> None:
    trainer = make_trainer(bert_folder, tmp_path, learning_rate=1e-4, layerwise_lr_decay=1.0)
    trainer.create_optimizer_and_scheduler(10)
    assert set(list_rates(trainer).values()) == {1e-4}


SMALL = {"vocab_size": 20, "hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 16, "num_labels": 3}


@pytest.mark.parametrize(
    ("config", "lowest"),
    [
        (MPNetConfig(num_hidden_layers=3, **SMALL), "mpnet.embeddings.word_embeddings.weight"),
        (DistilBertConfig(n_layers=3, dim=8, n_heads=2, hidden_dim=16, vocab_size=20), "distilbert.embeddings"),
        (DebertaV2Config(num_hidden_layers=3, **SMALL), "deberta.embeddings"),
        (ModernBertConfig(num_hidden_layers=3, pad_token_id=0, **SMALL), "model.embeddings"),
    ],
    ids=lambda value: getattr(value, "model_type", ""),
)
def test_layers_are_found_in_every_kind_of_encoder(config, lowest) -> None:
    model = AutoModelForTokenClassification.from_config(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1.0)
    decay_layer_rates(optimizer, model, 0.5)
    rates = {id(parameter): group["lr"] for group in optimizer.param_groups for parameter in group["params"]}
    found = {name: rates[id(parameter)] for name, parameter in model.named_parameters()}
    assert {rate for name, rate in found.items() if name.startswith(lowest)} == {0.125}
    for number in range(3):
        of_layer = [rate for name, rate in found.items() if re.search(rf"\.layers?\.{number}\.", name)]
        assert of_layer
        assert set(of_layer) == {0.5 ** (2 - number)}


def test_an_encoder_whose_layers_share_their_weights_is_refused() -> None:
    config = AlbertConfig(num_hidden_layers=3, embedding_size=8, **SMALL)
    model = AutoModelForTokenClassification.from_config(config)
    with pytest.raises(UserError, match="--layerwise_lr_decay: AlbertModel has no 3 layers"):
        decay_layer_rates(torch.optim.AdamW(model.parameters()), model, 0.9)
    optimizer = torch.optim.AdamW(model.parameters())
    decay_layer_rates(optimizer, model, 1)
    assert len(optimizer.param_groups) == 1


def test_a_head_learning_rate_has_to_be_above_0(tmp_path) -> None:
    with pytest.raises(UserError, match=r"--head_learning_rate must be above 0, e.g. 1e-3; got 0.0"):
        NerTrainingArguments(output_dir=str(tmp_path), head_learning_rate=0.0)
