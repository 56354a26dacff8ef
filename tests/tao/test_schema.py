"""The table of keys: complete, and of one mind with itself."""

import pytest
from omegaconf import OmegaConf

from token_classification.tao.schema import (
    ALIASES,
    COMMAND_KEYS,
    LEARNING_DEFAULTS,
    Spec,
    is_read,
    list_command_defaults,
    list_defaults,
    list_types,
)


def test_every_key_is_read_by_a_command():
    assert [key for key in list_types() if not any(is_read(command, key) for command in COMMAND_KEYS)] == []


def test_all_that_a_command_reads_is_a_key_or_a_section():
    known = list_types()
    for keys in COMMAND_KEYS.values():
        assert [key for key in keys if not any(f"{name}.".startswith(f"{key}.") for name in known)] == []


def test_keys_have_types_and_the_defaults_of_the_schema():
    spec = OmegaConf.structured(Spec)
    assert list_types().keys() == list_defaults().keys()
    raw = OmegaConf.to_container(spec, resolve=False)
    for key, default in list_defaults().items():
        *sections, name = key.split(".")
        place = raw
        for section in sections:
            place = place[section]
        assert place[name] == default


def test_no_alias_is_a_key():
    assert not ALIASES.keys() & list_types().keys()


@pytest.mark.parametrize("command", COMMAND_KEYS)
def test_only_what_learns_has_a_window_of_its_own(command):
    defaults = list_command_defaults(command)
    assert LEARNING_DEFAULTS.keys() <= defaults.keys()
    assert defaults["model.dataset.max_seq_length"] == (128 if command in ("train", "finetune") else None)


def test_a_section_is_read_where_something_in_it_is():
    assert is_read("evaluate", "model")
    assert is_read("evaluate", "model.dataset.max_seq_length")
    assert not is_read("evaluate", "model.optim.lr")
    assert not is_read("infer", "trainer")
