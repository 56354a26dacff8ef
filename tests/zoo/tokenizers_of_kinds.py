"""Small trained tokenizers of the kinds that architectures come with: how they cut words, what stands around them."""

from conftest import SPECIAL_NAMES, build_roberta, build_unigram, build_wordpiece, train_byte_level
from tokenizers import Tokenizer, processors
from transformers import CanineTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

SPECIAL_IDS = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": 4}
"""As the builders of `conftest` give them"""


def wrap(backend: Tokenizer, around: str, names: str, **options) -> PreTrainedTokenizerBase:
    """A plain fast tokenizer.

    Args:
        backend: What cuts words.
        around: The template of one sequence, `<s> $A </s>` for instance.
        names: Which special tokens it has, `bos_token eos_token` for instance.
        **options: Further settings of the tokenizer.
    """
    special = [(token, SPECIAL_IDS[token]) for token in SPECIAL_IDS if token in around]
    backend.post_processor = processors.TemplateProcessing(single=around, special_tokens=special)
    kept = {name: SPECIAL_NAMES[name] for name in names.split()}
    return PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=512, **kept, **options)


def cut_by_unigram() -> Tokenizer:
    """Unigram with Metaspace, without what stands around a sequence."""
    return build_unigram().backend_tokenizer


KINDS = {
    "wordpiece": lambda: build_wordpiece(lowercase=True),
    "roberta": build_roberta,
    "xlm-roberta": build_unigram,
    # GPT-2 and many decoders: nothing around a sequence, and no padding token.
    "gpt2": lambda: wrap(train_byte_level(), "$A", "bos_token eos_token unk_token"),
    # Llama 3 and its kin: only a beginning, neither padding nor unknown token.
    "llama3": lambda: wrap(train_byte_level(), "<s> $A", "bos_token eos_token"),
    # Qwen: nothing around a sequence; there is a padding token, but no unknown one.
    "qwen": lambda: wrap(train_byte_level(), "$A", "eos_token pad_token"),
    "modernbert": lambda: wrap(train_byte_level(), "<s> $A </s>", " ".join(SPECIAL_NAMES)),
    # Llama 2, Gemma, Mistral: sentencepiece with a beginning.
    "gemma": lambda: wrap(cut_by_unigram(), "<s> $A", "bos_token eos_token unk_token pad_token"),
    "t5": lambda: wrap(cut_by_unigram(), "$A </s>", "eos_token unk_token pad_token"),
    # XLNet: everything special behind, the class token in a segment of its own, padding in front.
    "xlnet": lambda: wrap(cut_by_unigram(), "$A:0 </s>:0 <s>:2", " ".join(SPECIAL_NAMES), padding_side="left"),
    "canine": CanineTokenizer,
}
