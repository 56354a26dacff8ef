"""Values as the types of the schema: what is read, and what is refused with what is accepted."""

from typing import Any

import pytest
import torch
import yaml

from token_classification.tao.settings import Setting, make_null_node, make_text_node
from token_classification.tao.values import count_devices, read_boolean, read_freely, read_number, read_value


def type_value(text: str) -> Setting:
    """What is typed on the command line."""
    return Setting("key", make_text_node(text), "command line", is_text=True)


def compose(text: str) -> yaml.Node:
    """What stands in a file."""
    return yaml.compose(text, yaml.SafeLoader)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("010", str, "010"),
        ("5e-5", str, "5e-5"),
        ("no", str, "no"),
        ("t.txt #2", str | None, "t.txt #2"),
        ("1_000", int, 1000),
        ("-1", int | None, -1),
        ("5e-5", float, 5e-5),
        (".5", float, 0.5),
        ("Yes", bool, True),
        ("0", bool | None, False),
        ("[a, 010, no]", list[str] | None, ["a", "010", "no"]),
        ("{PER: 0.9, ORG: 1}", Any, {"PER": 0.9, "ORG": 1}),
        ("{size: 5e-5, name: x}", dict[str, Any] | None, {"size": 5e-5, "name": "x"}),
    ],
)
def test_a_typed_value_has_the_type_of_its_key(text, kind, value):
    read = read_value(type_value(text), "key", kind)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("text", "kind", "accepted"),
    [
        ("010", int, "whole number"),
        ("1.5", int, "whole number"),
        ("9" * 30, int, "whole number"),
        ("nan", float, "finite number"),
        ("1e999", float, "finite number"),
        ("maybe", bool, "true or false"),
        ("text", list[str] | None, "list of texts"),
        ("[[a], b]", list[str] | None, "list of texts"),
        ("text", dict[str, Any] | None, "mapping"),
    ],
)
def test_a_value_of_another_type_is_refused(text, kind, accepted):
    with pytest.raises(ValueError, match=accepted):
        read_value(type_value(text), "key", kind)


def test_null_is_a_value_only_where_there_may_be_none():
    null = Setting("key", make_null_node(), "command line")
    assert read_value(null, "key", int | None) is None
    assert read_value(null, "key", Any) is None
    with pytest.raises(ValueError, match="whole number"):
        read_value(null, "key", int)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a: [1, 2.5, yes, null, '1', x]}", {"a": [1, 2.5, True, None, "1", "x"]}),
        ("5e-5", 5e-5),
        ("'no'", "no"),
    ],
)
def test_what_the_schema_does_not_know_is_read_by_its_looks(text, value):
    assert read_freely(compose(text)) == value


@pytest.mark.parametrize(
    ("text", "count"), [("1", 1), ("0", 0), ("[0]", 1), ("[0, 1]", 2), ('"0,1"', 2), ("'0,'", 1), ("4", 4)]
)
def test_devices_are_counted(text, count):
    assert count_devices(compose(text)) == count


@pytest.mark.parametrize("text", ["auto", "-1"])
def test_all_devices_are_those_that_there_are(text, monkeypatch):
    for found, count in ((0, 1), (3, 3)):
        monkeypatch.setattr(torch.accelerator, "device_count", lambda found=found: found)
        assert count_devices(compose(text)) == count


@pytest.mark.parametrize(("text", "advice"), [("[1]", "DEVICES=1 "), ("[1, 3]", "DEVICES=1,3 "), ("[]", "DEVICES=0 ")])
def test_other_devices_than_the_first_are_chosen_by_a_variable(text, advice):
    with pytest.raises(ValueError, match=f"CUDA_VISIBLE_{advice}before the command"):
        count_devices(compose(text))


def test_fewer_than_no_devices_are_refused():
    with pytest.raises(ValueError, match="0 for the CPU"):
        count_devices(compose("-2"))


def test_numbers_and_switches_by_themselves():
    assert (read_number("1_0.5e1"), read_boolean("OFF")) == (105.0, False)
