"""References in values: to other keys, to the environment only where the user says so, and never to the key."""

from itertools import pairwise

import pytest

from token_classification.errors import UserError
from token_classification.tao.archive.key import KEY_VARIABLE
from token_classification.tao.references import SPEC_VARIABLES
from token_classification.tao.spec import load_spec


def load(*overrides: str):
    """A spec of `train`."""
    return load_spec("train", None, overrides, [])


def refuse(*overrides: str) -> str:
    """What is said of overrides that are refused."""
    with pytest.raises(UserError) as error:
        load(*overrides)
    return str(error.value)


def test_references_follow_other_keys_under_all_their_names():
    spec = load(
        "data_dir=/data/${exp_manager.name}-${trainer.seed}",
        "exp_manager.name=${model.dataset.pad_label}",
        "model.label_ids=${model.dataset.data_dir}/labels.csv",
        "trainer.max_epochs=${trainer.log_every_n_steps}",
    )
    assert spec.data_dir == "/data/O-42"
    assert spec.model.label_ids == "/data/O-42/labels.csv"
    assert spec.trainer.max_epochs == 50


def test_a_whole_value_is_taken_over_with_its_kind():
    spec = load("model.optim.betas=[0.9, 0.98]", "model.optim.etas=${model.optim.betas}", "data_dir=${scheme}")
    assert (spec.model.optim.etas, spec.data_dir) == ([0.9, 0.98], None)


BROKEN = {
    "nowhere": ("data_dir=${nope}", "no such key"),
    "itself": ("data_dir=a${data_dir}", "refers to itself"),
    "relative": ("data_dir=${.x}", "names of keys"),
    "inside another": ("data_dir=${a${b}}", "inside another"),
    "no end": ("data_dir=${a", "without its }"),
    "another resolver": ("data_dir=${oc.decode:x}", "accepted"),
    "a resolver by a reference": ("data_dir=${${scheme}.env:X}", "inside another"),
    "no text": ("data_dir=a${model.label_ids}", "is no text"),
    "a wrong kind": ("trainer.max_epochs=${exp_manager.name}", "a whole number"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_reference_is_named(kind):
    override, words = BROKEN[kind]
    message = refuse(override)
    assert message.startswith("command line: ")
    assert words in message
    assert "\n" not in message


def test_a_value_with_a_broken_reference_is_not_missing_too():
    with pytest.raises(UserError) as error:
        load_spec("train", None, ["data_dir=${nope}"], ["data_dir"])
    assert "\n" not in str(error.value)
    with pytest.raises(UserError, match="data_dir has no value"):
        load_spec("train", None, ["data_dir=null", "scheme=${nope}"], ["data_dir"])


def test_two_keys_that_refer_to_each_other_end():
    assert "refers to itself" in refuse("data_dir=${model.label_ids}", "model.label_ids=${data_dir}")


def test_references_cannot_grow_without_an_end():
    keys = ["data_dir", "model.label_ids", "exp_manager.name", "input_file", "scheme", "text_column", "test_file"]
    chain = [f"{key}={50 * f'${{{other}}}'}" for key, other in pairwise(keys)]
    assert "longer than" in refuse(*chain, f"{keys[-1]}=xxxxxxxxxx")


def test_the_environment_is_closed(monkeypatch):
    monkeypatch.setenv("SOME_SECRET", "hidden")
    message = refuse("data_dir=${oc.env:SOME_SECRET}")
    assert "hidden" not in message
    assert f"{SPEC_VARIABLES}=SOME_SECRET" in message


def test_variables_that_the_user_names_are_read(monkeypatch):
    monkeypatch.setenv(SPEC_VARIABLES, "DATA, EPOCHS,UNSET")
    monkeypatch.setenv("DATA", "no #2")
    monkeypatch.setenv("EPOCHS", "3")
    spec = load("data_dir=/x/${oc.env:DATA}", "trainer.max_epochs=${oc.env:EPOCHS}", "scheme=${oc.env:UNSET,iob2}")
    assert (spec.data_dir, spec.trainer.max_epochs, spec.scheme) == ("/x/no #2", 3, "iob2")
    assert "UNSET" in refuse("data_dir=${oc.env:UNSET}")
    assert "OTHER" in refuse("data_dir=${oc.env:OTHER}")
    monkeypatch.setenv("DATA", "${model.label_ids}")
    assert "DATA" in refuse("data_dir=${oc.env:DATA}")


@pytest.mark.parametrize("reference", ["${oc.env:NAME}", "a${oc.env:NAME}b", "${oc.env: NAME }", "${oc.env:NAME,x}"])
def test_the_key_is_never_read(reference, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    monkeypatch.setenv(SPEC_VARIABLES, KEY_VARIABLE)
    message = refuse(f"data_dir={reference.replace('NAME', KEY_VARIABLE)}")
    assert "secret" not in message
    assert KEY_VARIABLE in message
