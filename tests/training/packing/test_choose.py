"""Windows that share a row learn as they do in rows of their own, with hardly any padding."""

import logging
from dataclasses import replace

import pytest
import torch
from conftest import SENTENCES, configure_tiny_bert
from torch import nn
from trainers import LABELS, make_trainer
from transformers import (
    AlbertConfig,
    AutoModelForTokenClassification,
    BertForTokenClassification,
    BigBirdConfig,
    ConvBertConfig,
    DebertaConfig,
    DebertaV2Config,
    DistilBertConfig,
    ElectraConfig,
    Gemma2Config,
    GPT2Config,
    LayoutLMConfig,
    LlamaConfig,
    LongformerConfig,
    MiniMaxConfig,
    MistralConfig,
    MobileBertConfig,
    ModernBertConfig,
    ModernVBertConfig,
    MPNetConfig,
    MptConfig,
    RemBertConfig,
    SqueezeBertConfig,
    XLNetConfig,
)

from token_classification.alignment.align import build_aligner
from token_classification.alignment.batches import WindowCollator, build_collator
from token_classification.arguments.model import ModelArguments
from token_classification.arguments.training import NerTrainingArguments
from token_classification.data.sentences import Sentences
from token_classification.modeling.build import load_config, load_model
from token_classification.modeling.deep_head import DeepHeadConfig, DeepHeadForTokenClassification
from token_classification.modeling.tokenizer import load_tokenizer
from token_classification.recipe import HeadOptions, Recipe
from token_classification.training.cpu.attention import CPU_TRAINING
from token_classification.training.cpu.tuning import tuned_for_cpu
from token_classification.training.packing.choose import choose_collator, compute_alone, computes_the_same
from token_classification.training.packing.collator import PackingCollator, serving_masks
from token_classification.training.packing.masks import MaskForm
from token_classification.training.packing.rows import plan_rows

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
# Weights so large that it shows in the logits who looks at whom.
LOUD = {"initializer_range": 0.3, "pad_token_id": 0}
DECODER = {**SIZES, **LOUD, "num_key_value_heads": 2, "max_position_embeddings": 256}
RELATIVE = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_buckets": 8}
BOTTLENECK = {"embedding_size": 16, "intra_bottleneck_size": 32, "true_hidden_size": 32}
LOCAL = ModernBertConfig(local_attention=8, **SIZES, **LOUD, initializer_cutoff_factor=9.0)
STEPS = {"max_steps": 6, "per_device_train_batch_size": 4, "learning_rate": 1e-3, "report_to": "none"}
PACKED = {
    "albert": (AlbertConfig(embedding_size=16, **SIZES, **LOUD), MaskForm()),
    "distilbert": (DistilBertConfig(dim=32, n_layers=2, n_heads=2, hidden_dim=64, **LOUD), MaskForm()),
    "electra": (ElectraConfig(embedding_size=16, **SIZES, **LOUD), MaskForm()),
    "modernbert": (ModernBertConfig(**SIZES, **LOUD, initializer_cutoff_factor=9.0), MaskForm()),
    "mpnet": (MPNetConfig(**SIZES, **LOUD), MaskForm(is_added=True)),
    "rembert": (RemBertConfig(input_embedding_size=32, **SIZES, **LOUD), MaskForm(is_added=True)),
    "squeezebert": (
        SqueezeBertConfig(embedding_size=32, **SIZES, **LOUD, **{f"{name}_groups": 1 for name in "qkv"}),
        MaskForm(is_added=True),
    ),
    "big_bird": (BigBirdConfig(max_position_embeddings=256, **SIZES, **LOUD), MaskForm(is_added=True)),
    "llama": (LlamaConfig(**DECODER), MaskForm(is_causal=True)),
    "gpt2": (GPT2Config(n_embd=32, n_layer=2, n_head=2, n_positions=256, **LOUD), MaskForm(is_causal=True)),
    "mpt": (
        MptConfig(d_model=32, n_heads=2, n_layers=2, initializer_range=0.3),
        MaskForm(is_causal=True, is_added=True),
    ),
    "deberta": (DebertaConfig(**SIZES, **LOUD, **RELATIVE), MaskForm(goes_to_encoder=True)),
    "deberta-v2": (DebertaV2Config(**SIZES, **LOUD, **RELATIVE), MaskForm(goes_to_encoder=True)),
    "layoutlm": (LayoutLMConfig(**SIZES, **LOUD), MaskForm(goes_to_encoder=True)),
    "xlnet": (XLNetConfig(d_model=32, n_layer=2, n_head=2, d_inner=64, **LOUD), MaskForm(argument="perm_mask")),
    "mobilebert": (MobileBertConfig(**{**SIZES, "hidden_size": 64}, **BOTTLENECK, **LOUD), MaskForm(gap=1)),
}
PADDED = {
    "longformer": (LongformerConfig(attention_window=8, **SIZES, **LOUD), "no mask between positions"),
    "convbert": (ConvBertConfig(embedding_size=32, **SIZES, **LOUD), "its outputs change"),
    "deberta-v2 with a convolution": (
        DebertaV2Config(conv_kernel_size=3, **SIZES, **LOUD),
        "no mask between positions",
    ),
    "linear attention": (
        MiniMaxConfig(layer_types=["linear_attention", "full_attention"], **DECODER),
        "type linear_attention",
    ),
}


@pytest.fixture
def split(wordpiece):
    words, tags = zip(*((words.split(), tags.split()) for words, tags in SENTENCES), strict=True)
    aligner = build_aligner(wordpiece, LABELS, window_length=64)
    return aligner.align(Sentences(list(words), list(tags), list(range(8))))


@pytest.fixture
def plain(wordpiece, split) -> WindowCollator:
    return build_collator(wordpiece, build_aligner(wordpiece, LABELS, window_length=64).special)


def choose(model, plain, split, folder, **settings):
    if model.base_model.config.model_type == "mpnet":  # its positions begin behind 1, whatever pads
        plain = replace(plain, pad_id=1)
    training = NerTrainingArguments(output_dir=str(folder), report_to="none", **settings)
    return choose_collator(model, plain, split, training, window_length=64)


def build(config, wordpiece):
    config.get_text_config().vocab_size = len(wordpiece)
    if config.model_type == "gpt2":
        config.pad_token_id = 0
    torch.manual_seed(0)
    return AutoModelForTokenClassification.from_config(config)


def assert_computes_the_same(model, packing, split):
    """Compare the logits of all windows, several to a row, with those of each alone."""
    model.eval()
    windows = [split[number] for number in range(len(split))]
    lengths = [len(window["input_ids"]) for window in windows]
    rows = plan_rows([length + packing.form.gap for length in lengths], packing.longest_row + packing.form.gap)
    assert max(map(len, rows)) > 1
    batch = packing.fill_rows(windows, rows)
    del batch["labels"]
    with torch.inference_mode(), serving_masks(model, packing):
        packed = model(**batch).logits
        for number, row in enumerate(rows):
            starts = packing.find_starts([lengths[place] for place in row])
            for start, place in zip(starts, row, strict=True):
                alone = compute_alone(model, packing.plain, [windows[place]])
                tolerance = {"rtol": 1e-3, "atol": 1e-4 * float(alone.abs().max())}
                torch.testing.assert_close(packed[number, start : start + lengths[place]], alone, **tolerance)


@pytest.mark.parametrize("name", PACKED)
def test_architectures_are_packed_and_compute_what_they_compute_alone(name, wordpiece, plain, split, tmp_path):
    config, form = PACKED[name]
    model = build(config, wordpiece)
    packing = choose(model, plain, split, tmp_path)
    assert isinstance(packing, PackingCollator)
    assert packing.form == form
    assert_computes_the_same(model, packing, split)


@pytest.mark.parametrize(
    ("config", "form"),
    [
        (LOCAL, MaskForm()),
        (ModernVBertConfig(text_config=LOCAL.to_dict(), initializer_range=0.3), MaskForm()),
        (Gemma2Config(sliding_window=4, head_dim=16, **DECODER), MaskForm(is_causal=True, is_added=True)),
        (MistralConfig(sliding_window=4, **DECODER), MaskForm(is_causal=True)),
    ],
)
def test_layers_that_look_around_them_only_keep_doing_so(config, form, wordpiece, plain, split, tmp_path):
    model = build(config, wordpiece)
    packing = choose(model, plain, split, tmp_path)
    assert packing.form == form
    assert 4 in packing.ranges.values()
    assert_computes_the_same(model, packing, split)


@pytest.mark.parametrize("name", ["bert", *PACKED])
def test_a_deep_head_is_packed_where_its_encoder_is(name, wordpiece, plain, split, tmp_path):
    config = configure_tiny_bert(wordpiece) if name == "bert" else PACKED[name][0]
    config.vocab_size = len(wordpiece)
    model = DeepHeadForTokenClassification(DeepHeadConfig(config, num_labels=7))
    packing = choose(model, plain, split, tmp_path)
    assert isinstance(packing, PackingCollator)
    assert packing.form == (MaskForm() if name == "bert" else PACKED[name][1])
    attention = model.encoder.config._attn_implementation
    training = NerTrainingArguments(output_dir=str(tmp_path), report_to="none")
    if training.device.type == "cpu" and attention == "sdpa":
        with tuned_for_cpu(model, split, plain.pad_id, training):
            assert model.encoder.config._attn_implementation == CPU_TRAINING
    assert model.encoder.config._attn_implementation == attention


@pytest.mark.parametrize("name", PADDED)
def test_a_deep_head_is_padded_aloud_where_its_encoder_is(name, wordpiece, plain, split, tmp_path, caplog):
    config, reason = PADDED[name]
    config.vocab_size = len(wordpiece)
    with caplog.at_level(logging.WARNING):
        assert choose(DeepHeadForTokenClassification(DeepHeadConfig(config)), plain, split, tmp_path) is plain
    assert reason in caplog.text


def test_positions_begin_where_the_model_has_them_begin(roberta_folder, bert_folder, tmp_path):
    assert make_trainer(bert_folder, tmp_path, **STEPS).data_collator.first_position == 0
    assert make_trainer(roberta_folder, tmp_path, **STEPS).data_collator.first_position == 2


@pytest.mark.parametrize("name", PADDED)
def test_models_that_cannot_be_packed_are_padded_aloud(name, wordpiece, plain, split, tmp_path, caplog):
    config, reason = PADDED[name]
    config.vocab_size = len(wordpiece)
    with caplog.at_level(logging.WARNING):
        assert choose(AutoModelForTokenClassification.from_config(config), plain, split, tmp_path) is plain
    assert "cannot share rows" in caplog.text
    assert reason in caplog.text


def test_a_model_that_looks_at_its_neighbours_is_padded_aloud(wordpiece, plain, split, tmp_path, caplog):
    model = BertForTokenClassification(configure_tiny_bert(wordpiece))
    # The last state of each position is mixed with the one before, whosever it is.
    model.bert.encoder.register_forward_hook(
        lambda module, inputs, output: output.__class__(output.last_hidden_state.cumsum(dim=1))
    )
    with caplog.at_level(logging.WARNING):
        assert choose(model, plain, split, tmp_path) is plain
    assert "its outputs change" in caplog.text


def test_wrong_positions_are_noticed(wordpiece, plain, split):
    model = BertForTokenClassification(configure_tiny_bert(wordpiece))
    windows = [split[number] for number in range(3)]
    model.eval()
    alone = compute_alone(model, plain, windows)
    assert computes_the_same(model, PackingCollator(plain, 0, 128), windows, alone)
    assert not computes_the_same(model, PackingCollator(plain, 1, 128), windows, alone)


def test_the_trial_leaves_no_trace(wordpiece, plain, split, tmp_path):
    model = build(DebertaV2Config(**SIZES, **LOUD, **RELATIVE), wordpiece)
    model.train()
    model.deberta.embeddings.eval()
    # Draws random numbers, whatever its mode.
    model.classifier.register_forward_hook(lambda module, inputs, output: output + 0 * torch.rand_like(output))
    modes = [module.training for module in model.modules()]
    weights = {name: values.clone() for name, values in model.state_dict().items()}
    torch.manual_seed(1)
    state = torch.get_rng_state()
    assert isinstance(choose(model, plain, split, tmp_path), PackingCollator)
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(values, weights[name]) for name, values in model.state_dict().items())
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_nan_is_never_the_same(wordpiece, plain, split, tmp_path, caplog):
    model = build(configure_tiny_bert(wordpiece), wordpiece)
    with torch.no_grad():
        model.classifier.bias[0] = float("nan")
    assert choose(model, plain, split, tmp_path) is plain
    assert "not finite numbers" in caplog.text


def test_what_the_user_asks_for_is_done_in_silence(wordpiece, plain, split, tmp_path, caplog):
    model = BertForTokenClassification(configure_tiny_bert(wordpiece))
    full = build_collator(wordpiece, plain.special, length=64)
    with caplog.at_level(logging.WARNING):
        assert choose(model, plain, split, tmp_path, pack_windows=False) is plain
        assert choose(model, full, split, tmp_path) is full
        assert choose(model, plain, None, tmp_path) is plain
    assert not caplog.text


@pytest.fixture
def deep_folder(bert_folder, tmp_path):
    """A model with a deep head on the tiny encoder."""
    arguments = ModelArguments(str(bert_folder))
    model = load_model(arguments, load_config(arguments), LABELS, Recipe(head=HeadOptions(dropout=0.0)))
    model.save_pretrained(tmp_path / "deep")
    load_tokenizer(arguments).save_pretrained(tmp_path / "deep")
    return tmp_path / "deep"


@pytest.fixture
def deberta_folder(wordpiece, tmp_path):
    """A model whose encoder gets the mask."""
    return save(DebertaV2Config(**SIZES, **LOUD, **RELATIVE), wordpiece, tmp_path / "deberta")


@pytest.fixture
def modernbert_folder(wordpiece, tmp_path):
    """A model with a mask for each type of layer, local and whole."""
    return save(
        ModernBertConfig(local_attention=8, **SIZES, **LOUD, initializer_cutoff_factor=9.0),
        wordpiece,
        tmp_path / "modern",
    )


def save(config, wordpiece, folder):
    build(config, wordpiece).base_model.save_pretrained(folder)
    wordpiece.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("is_tuned", [True, False])
@pytest.mark.parametrize(
    "folder", ["bert_folder", "roberta_folder", "deep_folder", "deberta_folder", "modernbert_folder"]
)
def test_loss_and_gradients_are_those_of_padded_windows(folder, is_tuned, tmp_path, request):
    trainer = make_trainer(
        request.getfixturevalue(folder), tmp_path, tune_for_cpu=is_tuned, mixed_precision="no", **STEPS
    )
    for module in trainer.model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    windows = [trainer.train_dataset[row] for row in range(8)]
    trainer.model.train()
    seen = []
    with tuned_for_cpu(trainer.model, trainer.train_dataset.split, trainer.data_collator.pad_id, trainer.args):
        for collator in (trainer.data_collator, trainer.tagger.collator):
            batch = collator(windows)
            labels = batch.pop("labels")
            trainer.model.zero_grad()
            with serving_masks(trainer.model, collator):
                loss = trainer.compute_loss_func(trainer.model(**batch), labels)
            loss.backward()
            gradients = {name: values.grad for name, values in trainer.model.named_parameters()}
            seen.append((len(batch["input_ids"]), loss.detach(), gradients))
    (rows, loss, gradients), (padded_rows, padded_loss, padded_gradients) = seen
    assert rows < padded_rows == 8
    torch.testing.assert_close(loss, padded_loss)
    for name, values in gradients.items():
        if values is not None:
            size = float(padded_gradients[name].abs().max())
            torch.testing.assert_close(values, padded_gradients[name], rtol=1e-4, atol=1e-6 * max(1, size))


@pytest.mark.parametrize(
    ("folder", "steps"),
    [
        ("bert_folder", STEPS),
        # Adam makes steps of the rounding errors that are the gradient of DeBERTa's keys' biases.
        ("deberta_folder", {**STEPS, "optim": "sgd", "learning_rate": 0.01}),
        ("modernbert_folder", STEPS),
    ],
)
def test_a_training_ends_in_the_same_weights(folder, steps, tmp_path, request):
    folder = request.getfixturevalue(folder)
    weights = []
    for is_packed in (True, False):
        settings = {"pack_windows": is_packed, "train_sampling_strategy": "sequential", "mixed_precision": "no"}
        settings |= {"eval_strategy": "steps", "eval_steps": 3}
        trainer = make_trainer(folder, tmp_path / str(is_packed), max_grad_norm=0.0, **settings, **steps)
        assert isinstance(trainer.data_collator, PackingCollator) == is_packed
        for module in trainer.model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        trainer.train()
        weights.append(trainer.model.state_dict())
    for name, values in weights[0].items():
        torch.testing.assert_close(values, weights[1][name], rtol=1e-3, atol=1e-5)


def test_rows_are_read_as_the_windows_they_hold(plain, split):
    windows = [split[number] for number in range(8)]
    packing = PackingCollator(plain, 0, 64)
    read = sorted(part.tolist() for part in packing.split_rows(packing(windows)))
    padding = {plain.pad_id}
    assert [[token for token in part if token not in padding] for part in read] == sorted(
        window["input_ids"].tolist() for window in windows
    )


@pytest.mark.parametrize(
    ("settings", "is_grouped"),
    [({}, False), ({"pack_windows": False}, True), ({"train_sampling_strategy": "group_by_length"}, True)],
)
def test_batches_are_grouped_where_they_are_padded_or_asked_to(bert_folder, tmp_path, settings, is_grouped):
    trainer = make_trainer(bert_folder, tmp_path, **STEPS, **settings)
    assert trainer._get_train_sampler().is_grouped == is_grouped
