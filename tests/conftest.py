"""Tiny tokenizers and models of every kind, built on the spot: no test needs the network or a downloaded model."""

import gc
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertForTokenClassification,
    BertTokenizer,
    DebertaConfig,
    DebertaModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForTokenClassification,
    RobertaTokenizer,
)

from token_classification.inference.engine import Engine, open_engine

pytest_plugins = ["workers", "chromium"]

ROOT = Path(__file__).parents[1]
REAL_DATA = ROOT.parent / "shared" / "data"

# Tiny models are slower on several threads.
torch.set_num_threads(1)

TEXT = """Anna Smith moved from Berlin to New York in May 2021 and joined Acme Corporation as a manager .
The Berlin office of Acme Corporation was closed by John Miller , who lives in Paris with Anna .
He went to London on Wednesday ; she didn't . "Where is Globex ?" asked a man from Boston ( Mass. ) .
don't won't can't it's we're I've O'Neil e-mail co-operate U.S. 3,000 10% #photography @user http://t.co/x
übermäßig façade naïve Straße Москва 東京 ☃ 😀 été Ångström"""

WINDOW_OF_TINY_MODELS = 64


def pytest_collection_finish() -> None:
    """Spare the garbage collector what importing made: each training asks for full collections."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The public corpora; tests that need them are skipped where they are absent."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"the corpora are not at {REAL_DATA}")
    return REAL_DATA


@pytest.fixture
def cheap_scrypt(monkeypatch) -> None:
    """Sealed files as they are, without the second that each guess of a key costs."""
    from token_classification import sealing

    expensive = sealing.Scrypt
    monkeypatch.setattr(sealing, "Scrypt", lambda salt, length, n, r, p: expensive(salt, length, n=2, r=1, p=1))


@pytest.fixture
def unpacked_to(tmp_path, monkeypatch) -> Path:
    """The folder in which archives are unpacked: empty when nothing is left behind."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def build_wordpiece(lowercase: bool) -> PreTrainedTokenizerBase:
    """BERT's tokenizer over a small vocabulary; it gives no sub-token for control characters and lone accents."""
    characters = sorted({letter for letter in TEXT.lower() + TEXT if not letter.isspace()})
    words = sorted({word.strip('.,;"()?') for word in TEXT.split()} - {""})
    pieces = characters + [f"##{letter}" for letter in characters] + [word for word in words if len(word) > 1]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {piece: place for place, piece in enumerate(dict.fromkeys(special + pieces))}
    return BertTokenizer(vocab=vocabulary, do_lower_case=lowercase, model_max_length=512)


def train_byte_level() -> Tokenizer:
    """A small byte-level BPE, with `<s> ... </s>` around a sequence."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT.splitlines() * 4, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True)
    return tokenizer


SPECIAL_NAMES = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "cls_token": "<s>",
    "sep_token": "</s>",
    "unk_token": "<unk>",
    "pad_token": "<pad>",
    "mask_token": "<mask>",
}


def build_byte_level(cuts_with_regex: bool = False) -> PreTrainedTokenizerBase:
    """A plain fast tokenizer around byte-level BPE without prefix space, as ModernBERT (EuroBERT: regex) ships it."""
    backend = train_byte_level()
    if cuts_with_regex:
        words = pre_tokenizers.Split(Regex(r"'(?:s|t|re|ve)| ?\p{L}+| ?\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+"), "isolated")
        byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        backend.pre_tokenizer = pre_tokenizers.Sequence([words, byte_level])
    return PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=512, **SPECIAL_NAMES)


def build_roberta() -> PreTrainedTokenizerBase:
    """RoBERTa's own class."""
    layout = json.loads(train_byte_level().to_str())["model"]
    merges = [tuple(pair) for pair in layout["merges"]]
    return RobertaTokenizer(vocab=layout["vocab"], merges=merges, model_max_length=512)


def build_unigram() -> PreTrainedTokenizerBase:
    """A Unigram model with Metaspace, as XLM-RoBERTa has it."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.UnigramTrainer(vocab_size=300, special_tokens=special, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(TEXT.splitlines() * 4, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=512, **SPECIAL_NAMES)


def build_characters() -> PreTrainedTokenizerBase:
    """One sub-token per character; characters that it does not know and blanks vanish, and nothing stands around."""
    letters = sorted({letter for letter in TEXT if not letter.isspace()})
    vocabulary = {piece: place for place, piece in enumerate(["<pad>", "<unk>", *letters])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(Regex("."), "isolated")]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=512, unk_token="<unk>", pad_token="<pad>"
    )


TOKENIZERS = {
    "wordpiece uncased": lambda: build_wordpiece(lowercase=True),
    "wordpiece cased": lambda: build_wordpiece(lowercase=False),
    "byte-level": build_byte_level,
    "byte-level behind a regex": lambda: build_byte_level(cuts_with_regex=True),
    "roberta": build_roberta,
    "unigram": build_unigram,
    "characters": build_characters,
}


@pytest.fixture(scope="session", params=list(TOKENIZERS))
def any_tokenizer(request) -> PreTrainedTokenizerBase:
    """Each tokenizer of the zoo in turn."""
    return TOKENIZERS[request.param]()


@pytest.fixture(scope="session")
def wordpiece() -> PreTrainedTokenizerBase:
    """The uncased WordPiece tokenizer."""
    return build_wordpiece(lowercase=True)


def configure_tiny_bert(tokenizer: PreTrainedTokenizerBase, **settings) -> BertConfig:
    """A BERT of two narrow layers for a tokenizer; `settings` are further keys of its config."""
    return BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=WINDOW_OF_TINY_MODELS,
        **settings,
    )


@pytest.fixture(scope="session")
def bert_folder(tmp_path_factory, wordpiece) -> Path:
    """A folder with a tiny untrained BERT encoder and its tokenizer: what a user gives as --model_name_or_path."""
    folder = tmp_path_factory.mktemp("tiny-bert")
    torch.manual_seed(0)
    config = configure_tiny_bert(wordpiece, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    model = BertForTokenClassification(config)
    model.bert.save_pretrained(folder)
    wordpiece.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def deberta_folder(tmp_path_factory, wordpiece) -> Path:
    """A tiny untrained DeBERTa (v1), whose mask overflows in bf16."""
    folder = tmp_path_factory.mktemp("tiny-deberta")
    bert = configure_tiny_bert(wordpiece)
    names = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
    settings = {name: getattr(bert, name) for name in (*names, "max_position_embeddings", "pad_token_id")}
    torch.manual_seed(0)
    DebertaModel(DebertaConfig(**settings, relative_attention=True, pos_att_type=["c2p", "p2c"])).save_pretrained(
        folder
    )
    wordpiece.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def roberta_folder(tmp_path_factory) -> Path:
    """A tiny untrained RoBERTa: positions start behind the padding index, byte-level words."""
    folder = tmp_path_factory.mktemp("tiny-roberta")
    torch.manual_seed(0)
    tokenizer = build_roberta()
    config = RobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=WINDOW_OF_TINY_MODELS + 2,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
    )
    RobertaForTokenClassification(config).roberta.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


TAGGER_NAMES = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


def save_tagger(
    folder: Path, tokenizer: PreTrainedTokenizerBase, names: Sequence[str] = TAGGER_NAMES, scheme: str = "iob2"
) -> Path:
    """Write a tiny tagger of random weights with its tokenizer; its tags are arbitrary and vary from word to word."""
    torch.manual_seed(0)
    config = configure_tiny_bert(
        tokenizer,
        # Large weights: otherwise all words would get the same tag.
        initializer_range=0.5,
        id2label=dict(enumerate(names)),
        label2id={name: label_id for label_id, name in enumerate(names)},
        tag_scheme=scheme,
    )
    BertForTokenClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tagger_folder(tmp_path_factory, wordpiece) -> Path:
    """The folder of a tiny tagger."""
    return save_tagger(tmp_path_factory.mktemp("tagger"), wordpiece)


@pytest.fixture(scope="session")
def engine(tagger_folder) -> Engine:
    """The tiny tagger, opened."""
    return open_engine(tagger_folder)


SENTENCES = [
    ("Anna Smith moved from Berlin to New York .", "B-PER I-PER O O B-LOC O B-LOC I-LOC O"),
    ("The Berlin office of Acme Corporation was closed .", "O B-LOC O O B-ORG I-ORG O O O"),
    ("He went to London on Wednesday .", "O O O B-LOC O O O"),
    ("John Miller lives in Paris with Anna .", "B-PER I-PER O O B-LOC O B-PER O"),
    ("Where is Globex ?", "O O B-ORG O"),
    ("Acme Corporation and Globex joined .", "B-ORG I-ORG O B-ORG O O"),
    ("a man from Boston asked Anna", "O O O B-LOC O B-PER"),
    ("she moved to Paris in May", "O O O B-LOC O O"),
]


def write_sentences(path: Path, sentences=SENTENCES, with_tags: bool = True) -> Path:
    """Write sentences as `word TAB tag` lines."""
    lines = []
    for words, tags in sentences:
        pairs = zip(words.split(), tags.split(), strict=True)
        lines += [f"{word}\t{tag}" if with_tags else word for word, tag in pairs] + [""]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def write_checkpoint(folder: Path, step: int) -> Path:
    """Write a checkpoint with all the files that a training goes on from."""
    checkpoint = folder / f"checkpoint-{step}"
    checkpoint.mkdir(parents=True)
    save_file({"weight": torch.ones(50)}, checkpoint / "model.safetensors")
    for name in ("optimizer.pt", "scheduler.pt", "rng_state.pth"):
        torch.save({"state": torch.ones(50)}, checkpoint / name)
    (checkpoint / "trainer_state.json").write_text(json.dumps({"global_step": step}))
    return checkpoint


@pytest.fixture
def conll_file(tmp_path) -> Path:
    """Eight tagged sentences."""
    return write_sentences(tmp_path / "eight.conll")
