"""Training tuned for the CPU is the same training."""

from dataclasses import replace

import pytest
import torch
from conftest import SENTENCES
from torch import nn
from trainers import make_trainer
from transformers import AutoModelForTokenClassification

from token_classification.training.cpu import attention
from token_classification.training.cpu.attention import CPU_TRAINING
from token_classification.training.cpu.dropout import CheapDropout
from token_classification.training.cpu.trained_rows import TrainedRows
from token_classification.training.cpu.tuning import lengthen_rows, tuned_for_cpu
from token_classification.training.packing.masks import MASK_FORMS

STEPS = {
    "max_steps": 6,
    "per_device_train_batch_size": 4,
    "learning_rate": 1e-3,
    "report_to": "none",
    "use_cpu": True,
}
EXACT = {"mixed_precision": "no", "max_grad_norm": 0.0}


def without_dropout(trainer):
    for module in trainer.model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return trainer


def tune(trainer):
    return tuned_for_cpu(trainer.model, trainer.train_dataset.split, trainer.data_collator.pad_id, trainer.args)


def test_learns_the_same_weights(bert_folder, tmp_path):
    weights = {}
    for is_tuned in (True, False):
        folder = tmp_path / str(is_tuned)
        trainer = without_dropout(make_trainer(bert_folder, folder, tune_for_cpu=is_tuned, **STEPS, **EXACT))
        trainer.learn(None, len(SENTENCES))
        weights[is_tuned] = AutoModelForTokenClassification.from_pretrained(folder).state_dict()
    assert weights[True].keys() == weights[False].keys()
    start = AutoModelForTokenClassification.from_pretrained(bert_folder).state_dict()
    table = "bert.embeddings.word_embeddings.weight"
    for name, values in weights[True].items():
        torch.testing.assert_close(values, weights[False][name], rtol=1e-4, atol=1e-6)
    assert not torch.equal(weights[True][table], start[table])


@pytest.mark.parametrize("precision", ["no", "bf16"])
def test_the_model_is_tuned_in_training_and_as_before_afterwards(bert_folder, tmp_path, precision):
    trainer = make_trainer(bert_folder, tmp_path, mixed_precision=precision, **STEPS)
    before, names = str(trainer.model), list(trainer.model.state_dict())
    table = trainer.model.get_input_embeddings()
    with tune(trainer):
        assert isinstance(trainer.model.get_input_embeddings(), TrainedRows)
        assert trainer.model.config._attn_implementation == CPU_TRAINING
        kinds = {type(module) for module in trainer.model.modules()}
        assert CheapDropout in kinds
        assert nn.Dropout not in kinds
        assert list(trainer.model.state_dict()) == names
        assert CPU_TRAINING not in trainer.model.config.to_json_string()
    assert str(trainer.model) == before
    assert trainer.model.get_input_embeddings() is table
    assert trainer.model.config._attn_implementation == "sdpa"


def test_evaluation_within_training_is_that_of_afterwards_bit_for_bit(bert_folder, tmp_path):
    trainer = make_trainer(bert_folder, tmp_path, **STEPS)
    trainer.model.eval()
    # Every id there is, those that training never sees too, in rows of unlike lengths.
    ids = torch.arange(trainer.model.config.vocab_size)[: 8 * (trainer.model.config.vocab_size // 8)].view(8, -1)[
        :, :60
    ]
    mask = (torch.arange(ids.shape[1]) < torch.arange(20, 60, 5).unsqueeze(1)).long()
    with torch.no_grad():
        plain = trainer.model(input_ids=ids, attention_mask=mask).logits
        with tune(trainer):
            tuned = trainer.model.eval()(input_ids=ids, attention_mask=mask).logits
    assert torch.equal(plain, tuned)


def test_tuned_training_is_the_plain_forward_but_for_dropout(bert_folder, tmp_path):
    trainer = without_dropout(make_trainer(bert_folder, tmp_path, **STEPS))
    batch = trainer.data_collator([trainer.train_dataset[row] for row in range(8)])
    trainer.model.train()
    plain = trainer.model(**batch).logits
    with tune(trainer):
        tuned = trainer.model(**batch).logits
    torch.testing.assert_close(tuned, plain, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("settings", [{"weight_decay": 0.01}, {"optim": "adafactor"}])
def test_the_whole_table_is_trained_where_unseen_rows_would_change(bert_folder, tmp_path, settings):
    trainer = make_trainer(bert_folder, tmp_path, **STEPS, **settings)
    with tune(trainer):
        assert type(trainer.model.get_input_embeddings()) is nn.Embedding


def test_can_be_switched_off(bert_folder, tmp_path):
    trainer = make_trainer(bert_folder, tmp_path, tune_for_cpu=False, **STEPS)
    before = str(trainer.model)
    with tune(trainer):
        assert str(trainer.model) == before
        assert trainer.model.config._attn_implementation == "sdpa"


LOCAL = {"sliding_attention": 4, "full_attention": None}


@pytest.mark.parametrize(
    ("reason", "is_long"),
    [
        (None, True),
        ("untuned", False),
        ("compiled", False),
        ("own attention", False),
        ("causal", False),
        ("local", False),
        ("added", False),
    ],
)
def test_rows_are_long_where_attention_takes_them_apart(reason, is_long, bert_folder, tmp_path):
    trainer = make_trainer(bert_folder, tmp_path, tune_for_cpu=reason != "untuned", **STEPS)
    trainer.args.torch_compile = reason == "compiled"
    model, collator = trainer.model, replace(trainer.data_collator, has_long_rows=False)
    if reason == "own attention":
        model.set_attn_implementation("eager")
    elif reason == "causal":
        model.base_model.encoder.layer[1].attention.self.is_causal = True
    elif reason == "local":
        collator = replace(collator, ranges=LOCAL)
    elif reason == "added":
        collator = replace(collator, form=MASK_FORMS[1])
    assert lengthen_rows(collator, model, trainer.args).has_long_rows == is_long
    plain = trainer.tagger.collator
    assert lengthen_rows(plain, model, trainer.args) is plain


def test_a_training_has_long_rows_and_attention_takes_them_apart(bert_folder, tmp_path, monkeypatch):
    layouts = []
    find = attention.find_layout
    monkeypatch.setattr(attention, "find_layout", lambda *given: layouts.append(find(*given)) or layouts[-1])
    trainer = make_trainer(bert_folder, tmp_path, mixed_precision="no", **STEPS)
    trainer.train()
    assert len(layouts) == 6 * trainer.model.config.num_hidden_layers
    assert None not in layouts
