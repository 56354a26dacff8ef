"""Keys of the original that have no place here: accepted where they change nothing, refused where they would."""

import logging

import pytest
import yaml

from token_classification.errors import UserError
from token_classification.tao.foreign_keys import (
    FOREIGN_KEYS,
    find_foreign_key,
    judge_foreign_setting,
    refuse_other_task,
)
from token_classification.tao.keys import find_canonical_key
from token_classification.tao.schema import list_types
from token_classification.tao.settings import Setting


def judge(key: str, value: str) -> str | None:
    """What is wrong with a value of a foreign key."""
    node = yaml.compose(value, yaml.SafeLoader)
    return judge_foreign_setting(find_foreign_key(key), Setting(key, node, "spec.yaml:3"))


@pytest.mark.parametrize(
    ("key", "value", "is_noticed"),
    [
        ("trainer.logger", "False", False),
        ("trainer.val_check_interval", "1.0", False),
        ("trainer.val_check_interval", "null", False),
        ("trainer.profiler", "simple", True),
        ("exp_manager.exp_dir", "/results", True),
        ("exp_manager.ema.every_n_steps", "5", False),
        ("hydra.run.dir", ".", False),
    ],
)
def test_what_changes_nothing_is_accepted(key, value, is_noticed, caplog):
    with caplog.at_level(logging.WARNING, "token_classification"):
        assert judge(key, value) is None
    assert bool(caplog.records) is is_noticed
    assert not is_noticed or f"spec.yaml:3: {key}={value}" in caplog.text


@pytest.mark.parametrize(
    ("key", "value", "advice"),
    [
        ("trainer.limit_train_batches", "0.1", "training_ds.num_samples"),
        ("trainer.max_time", "00:01:00", "trainer.max_epochs"),
        ("exp_manager.ema.enable", "true", "token_classification average"),
        ("trainer.plugins", "[a]", "leave it out"),
    ],
)
def test_what_would_change_the_result_is_refused(key, value, advice):
    problem = judge(key, value)
    assert problem.startswith(f"spec.yaml:3: {key}={value} ")
    assert "accepted: null" in problem
    assert advice in problem


def test_the_nearest_section_decides():
    assert find_foreign_key("hydra.job.chdir") is FOREIGN_KEYS["hydra"]
    assert find_foreign_key("exp_manager.ema.enable") is FOREIGN_KEYS["exp_manager.ema.enable"]
    assert find_foreign_key("trainer.max_epochs") is None


def test_no_key_of_the_schema_is_foreign():
    assert [key for key in list_types() if find_foreign_key(key) is not None] == []
    assert [key for key in FOREIGN_KEYS if find_canonical_key(key) != key] == []


def test_a_spec_of_punctuation_is_refused_as_a_whole():
    setting = Setting("model.punct_head.num_fc_layers", yaml.compose("1", yaml.SafeLoader), "spec.yaml:2")
    refuse_other_task([setting])
    with pytest.raises(UserError, match=r"spec\.yaml:2: model\.capit_head\.x belongs to punctuation"):
        refuse_other_task([setting, Setting("model.capit_head.x", setting.node, "spec.yaml:2")])
