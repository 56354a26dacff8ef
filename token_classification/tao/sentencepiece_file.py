"""Turns a sentencepiece model file, a spec's `tokenizer_model`, into a fast tokenizer; NeMo uses one for ALBERT."""

from pathlib import Path

from google.protobuf.message import DecodeError
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast
from transformers.utils import sentencepiece_model_pb2_new as sentencepiece_model

from token_classification.errors import UserError

UNIGRAM = 1
SPECIAL_TOKENS = {
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "pad_token": "<pad>",
    "unk_token": "<unk>",
    "mask_token": "[MASK]",
}


def read_sentencepiece(path: Path) -> PreTrainedTokenizerFast:
    """Build the tokenizer of a `.model` file that holds a Unigram model with ALBERT's special tokens.

    Raises:
        UserError: there is no such file, it is no sentencepiece model, or it is one of another kind.
    """
    if not path.is_file():
        raise UserError(
            f"model.tokenizer.tokenizer_model={path}: no such file; accepted: a sentencepiece .model file."
        )
    proto = sentencepiece_model.ModelProto()  # type: ignore[attr-defined]  # made at run time by protobuf
    try:
        proto.ParseFromString(path.read_bytes())
    except DecodeError as error:
        raise UserError(f"model.tokenizer.tokenizer_model={path}: not a sentencepiece model ({error}).") from error
    pieces = [(piece.piece, piece.score) for piece in proto.pieces]
    ids = {piece: place for place, (piece, _) in enumerate(pieces)}
    if proto.trainer_spec.model_type != UNIGRAM or not {"[CLS]", "[SEP]", "<unk>"} <= ids.keys():
        raise UserError(
            f"model.tokenizer.tokenizer_model={path}: accepted are Unigram models with the pieces [CLS] and [SEP] "
            "(ALBERT); for others give a folder with a tokenizer.json as model.tokenizer.tokenizer_name."
        )
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=ids["<unk>"]))
    steps: list[normalizers.Normalizer] = [normalizers.Replace(Regex(" {2,}"), " ")]
    if proto.normalizer_spec.precompiled_charsmap:
        steps.insert(0, normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap))
    tokenizer.normalizer = normalizers.Sequence(steps)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])]
    )
    special = {name: token for name, token in SPECIAL_TOKENS.items() if token in ids}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=512, **special)
