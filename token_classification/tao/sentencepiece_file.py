"""A sentencepiece model file as a fast tokenizer: the `tokenizer_model` of a spec, which NeMo uses for ALBERT."""

from pathlib import Path

from google.protobuf.message import DecodeError
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast
from transformers.utils.sentencepiece_model_pb2_new import ModelProto

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
        UserError: no such file, no sentencepiece model, or one of another kind.
    """
    if not path.is_file():
        raise UserError(
            f"model.tokenizer.tokenizer_model={path}: no such file; accepted: a sentencepiece .model file."
        )
    proto = ModelProto()
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
    steps = [normalizers.Replace(Regex(" {2,}"), " ")]
    if proto.normalizer_spec.precompiled_charsmap:
        steps.insert(0, normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap))
    tokenizer.normalizer = normalizers.Sequence(steps)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])]
    )
    special = {name: token for name, token in SPECIAL_TOKENS.items() if token in ids}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=512, **special)
