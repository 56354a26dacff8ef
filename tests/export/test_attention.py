"""Attention at positions that see nothing: padding that is further from all words than a local window reaches."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from transformers import ModernBertConfig, ModernBertForTokenClassification

from token_classification.export import openvino as openvino_export
from token_classification.export.attention import EXPORTED, build_finite_mask, use_finite_masks
from token_classification.export.network import LogitsOnly
from token_classification.inference.openvino_model import load_openvino

pytest.importorskip("openvino", reason='needs the extra "export"')


@pytest.fixture(scope="module")
def local_model() -> ModernBertForTokenClassification:
    """A tiny ModernBERT whose attention reaches four positions to each side in all layers but the first."""
    ids = dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id"), 0)
    shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    torch.manual_seed(0)
    config = ModernBertConfig(vocab_size=50, local_attention=8, max_position_embeddings=64, **shape, **ids)
    return ModernBertForTokenClassification(config).eval()


def build_batch(*lengths: int) -> dict[str, torch.Tensor]:
    """Rows of random sub-tokens, padded to the longest."""
    columns = torch.arange(max(lengths))
    mask = (columns < torch.tensor(lengths)[:, None]).long()
    return {"input_ids": torch.randint(1, 50, mask.shape) * mask, "attention_mask": mask}


def test_padding_far_behind_the_words_makes_no_nan(local_model, tmp_path):
    openvino_export.convert(LogitsOnly(copy.deepcopy(local_model)), build_batch(3, 9), tmp_path)
    record = SimpleNamespace(backend="openvino", model_file=openvino_export.MODEL_FILE)
    run_model = load_openvino(tmp_path, record)
    batch = build_batch(3, 40, 12)
    seen = batch["attention_mask"].numpy().nonzero()
    with torch.no_grad():
        expected = local_model(**batch).logits.numpy()
    found = run_model({name: values.numpy() for name, values in batch.items()}, *seen)
    assert np.allclose(found, expected[seen], atol=1e-4)


def test_a_mask_is_finite_in_bf16_and_hides_the_same(local_model):
    positions = {"batch_size": 1, "q_length": 3, "kv_length": 3, "attention_mask": torch.tensor([[True, True, False]])}
    mask = build_finite_mask(**positions, mask_function=lambda _batch, _head, row, column: column <= row)
    assert mask.bfloat16().isfinite().all()
    assert (mask == 0).tolist() == [[[[True, False, False], [True, True, False], [True, True, False]]]]


def test_only_fused_attention_is_changed(local_model):
    network = copy.deepcopy(local_model)
    use_finite_masks(network)
    assert network.config._attn_implementation == EXPORTED
    network.set_attn_implementation("eager")
    use_finite_masks(network)
    assert network.config._attn_implementation == "eager"
