"""What a dotted key means: aliases, sections, keys with names of their own."""

import pytest

from token_classification.tao.keys import find_canonical_key, find_open_section, is_known, is_section
from token_classification.tao.schema import ALIASES, list_types


@pytest.mark.parametrize(
    ("key", "canonical"),
    [
        ("trainer.max_epochs", "trainer.max_epochs"),
        ("trainer.devices", "trainer.gpus"),
        ("train_ds.batch_size", "training_ds.batch_size"),
        ("optim.sched.name", "model.optim.sched.name"),
        ("model.punct_head.use_transrormer_init", "model.head.use_transformer_init"),
        ("model.punct_head.num_fc_layers", "model.head.num_fc_layers"),
        ("train_dsx.batch_size", "train_dsx.batch_size"),
        ("model.train_ds", "training_ds"),
    ],
)
def test_an_alias_is_the_key_that_it_stands_for(key, canonical):
    assert find_canonical_key(key) == canonical


def test_every_alias_ends_at_something_known():
    assert all(is_known(find_canonical_key(alias)) for alias in ALIASES)
    assert all(find_canonical_key(key) == key for key in list_types())


@pytest.mark.parametrize(
    ("key", "known"),
    [
        ("model", True),
        ("model.optim.lr", True),
        ("model.optim.sched.warmup_ratio", True),
        ("model.optim.sched.nonsense", False),
        ("threshold.PER", True),
        ("threshold.work.of.art", True),
        ("threshold.", False),
        ("model.language_model.config.hidden_size", True),
        ("model.language_model.config.rope.theta", False),
        ("hydra.run.dir", True),
        ("trainer.limit_train_batches", True),
        ("model.optim.learning_rate", False),
        ("mode", False),
    ],
)
def test_what_is_known(key, known):
    assert is_known(key) is known


def test_sections_have_keys_below_them():
    assert is_section("model")
    assert is_section("exp_manager.checkpoint_callback_params")
    assert not is_section("model.optim.lr")
    assert not is_section("model.optim.sched")
    assert find_open_section("model.optim.sched.name") == "model.optim.sched"
    assert find_open_section("threshold") == "threshold"
    assert find_open_section("model.optim.lr") is None
