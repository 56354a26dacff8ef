"""A tagger whose logits are a table, one row for each sub-token: what it finds in a text can be read off the text."""

from pathlib import Path

import torch
from transformers import BertConfig, BertForTokenClassification, BertTokenizer

LABELS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
STEMS = ("Mira", "Tol", "Kas", "Ber", "Wen", "met", "in", "Zoë", "東", "😀")
SUFFIXES = ("la", "no", "ki")
WINDOW = 32

Row = dict[str, float]
"""Label -> logit; 0 for those that are not named"""


def save_table(folder: Path, rows: dict[str, Row]) -> Path:
    """A model folder whose logits are `rows` (sub-token -> row), and `O` for every other sub-token."""
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *STEMS, *(f"##{suffix}" for suffix in SUFFIXES)]
    tokenizer = BertTokenizer(
        vocab={piece: number for number, piece in enumerate(pieces)},
        do_lower_case=False,
        strip_accents=False,
        model_max_length=WINDOW,
    )
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=len(pieces),
        num_hidden_layers=0,
        num_attention_heads=1,
        intermediate_size=1,
        max_position_embeddings=WINDOW,
        layer_norm_eps=0.0,
        id2label=dict(enumerate(LABELS)),
        label2id={label: number for number, label in enumerate(LABELS)},
    )
    model = BertForTokenClassification(config)
    table = torch.tensor([[rows.get(piece, {"O": 9.0}).get(label, 0.0) for label in LABELS] for piece in pieces])
    embeddings = model.bert.embeddings
    with torch.no_grad():
        embeddings.position_embeddings.weight.zero_()
        embeddings.token_type_embeddings.weight.zero_()
        # Each sub-token has an axis of its own; normalising moves all by the same amount, which the bias takes back.
        embeddings.word_embeddings.weight.copy_(torch.eye(len(pieces)))
        normed = embeddings.LayerNorm(torch.eye(len(pieces)))
        scale = normed[0, 0] - normed[0, 1]
        model.classifier.weight.copy_(table.T / scale)
        model.classifier.bias.copy_(-normed[0, 1] * model.classifier.weight.sum(dim=1))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
