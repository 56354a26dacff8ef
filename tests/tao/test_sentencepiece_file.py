"""A sentencepiece file of ALBERT's kind becomes a tokenizer; other files are refused with what to give instead."""

import pytest
from transformers import AutoTokenizer
from transformers.utils.sentencepiece_model_pb2_new import ModelProto

from token_classification.errors import UserError
from token_classification.tao.sentencepiece_file import read_sentencepiece

PIECES = {
    "<pad>": 0,
    "<unk>": 0,
    "[CLS]": 0,
    "[SEP]": 0,
    "[MASK]": 0,
    "▁he": -2,
    "▁went": -3,
    "▁": -5,
    "w": -6,
    "s": -6,
}


def write_model(path, pieces=PIECES, model_type: int = 1) -> None:
    """A small sentencepiece model file."""
    proto = ModelProto()
    proto.trainer_spec.model_type = model_type
    for piece, score in pieces.items():
        proto.pieces.add(piece=piece, score=score)
    path.write_bytes(proto.SerializeToString())


def test_words_are_cut_as_the_model_says(tmp_path):
    write_model(tmp_path / "spiece.model")
    tokenizer = read_sentencepiece(tmp_path / "spiece.model")
    tokenizer.save_pretrained(tmp_path / "saved")
    for loaded in (tokenizer, AutoTokenizer.from_pretrained(tmp_path / "saved")):
        assert loaded(["he", "went", "s"], is_split_into_words=True).tokens() == [
            *("[CLS]", "▁he", "▁went", "▁", "s", "[SEP]")
        ]
        assert loaded.pad_token_id == 0
        assert loaded.unk_token_id == 1


@pytest.mark.parametrize("content", ["bpe", "no special tokens", "text", "nothing"])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "spiece.model"
    if content == "bpe":
        write_model(path, model_type=2)
    elif content == "no special tokens":
        write_model(path, {"<unk>": 0, "▁he": -1})
    elif content == "text":
        path.write_text("he went")
    with pytest.raises(UserError, match=r"model\.tokenizer\.tokenizer_model="):
        read_sentencepiece(path)
