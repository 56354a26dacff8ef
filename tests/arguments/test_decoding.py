"""Window and decoder: what is asked for, else what the model was trained with, else what it can take."""

import pytest
from transformers import BertConfig

from token_classification.arguments.decoding import (
    DecodingArguments,
    choose_decoder,
    choose_padding,
    choose_window,
    fill_in_decoder,
    record_decoding,
    record_padding,
    settle_decoding,
)
from token_classification.errors import UserError


@pytest.mark.parametrize(
    ("asked", "recorded", "window"),
    [(None, None, None), (64, None, 64), (None, 128, 128), (64, 128, 64), (-1, 128, -1), (-1, None, -1)],
)
def test_the_window(asked, recorded, window):
    config = BertConfig() if recorded is None else BertConfig(tag_window=recorded)
    assert choose_window(asked, config) == window
    assert settle_decoding(DecodingArguments(max_seq_length=asked), config).max_seq_length == window


@pytest.mark.parametrize(
    ("asked", "recorded", "decoder"),
    [
        (None, None, "argmax"),
        ("viterbi", None, "viterbi"),
        (None, "viterbi", "viterbi"),
        ("argmax", "viterbi", "argmax"),
    ],
)
def test_the_decoder(asked, recorded, decoder):
    config = BertConfig() if recorded is None else BertConfig(tag_decoder=recorded)
    assert choose_decoder(asked, config) == decoder
    assert settle_decoding(DecodingArguments(decoder=asked), config).decoder == decoder


@pytest.mark.parametrize(
    ("asked", "recorded", "learns_entities", "decoder"),
    [
        (None, None, True, "viterbi"),
        (None, None, False, None),
        ("argmax", None, True, "argmax"),
        ("viterbi", "argmax", True, "viterbi"),
        (None, "argmax", True, None),
        (None, "viterbi", False, None),
    ],
)
def test_a_training_of_entities_asks_for_viterbi_unless_something_else_is_known(
    asked, recorded, learns_entities, decoder
):
    config = BertConfig() if recorded is None else BertConfig(tag_decoder=recorded)
    assert fill_in_decoder(DecodingArguments(decoder=asked), config, learns_entities).decoder == decoder


@pytest.mark.parametrize(("asked", "recorded"), [(False, False), (True, False), (False, True), (True, True)])
def test_the_padding(asked, recorded):
    config = BertConfig()
    if recorded:
        record_padding(config)
    assert choose_padding(asked, config) == (asked or recorded)
    settled = settle_decoding(DecodingArguments(pad_to_max_length=asked), config)
    assert settled.pad_to_max_length == (asked or recorded)


def test_only_what_was_asked_for_is_recorded():
    config = BertConfig()
    record_decoding(config, None, 512, None)
    assert not {"tag_window", "tag_decoder"} & set(config.to_dict())
    record_decoding(config, 600, 512, "viterbi")
    assert (config.tag_window, config.tag_decoder) == (512, "viterbi")


def test_no_other_negative_window_means_anything():
    with pytest.raises(UserError, match="--max_seq_length must be 1 or more, or -1"):
        DecodingArguments(max_seq_length=-2)
