"""A trainer on the eight sentences, for the tests of training."""

import torch
from conftest import SENTENCES

from token_classification.alignment.align import build_aligner
from token_classification.arguments.data import DataArguments
from token_classification.arguments.model import ModelArguments
from token_classification.arguments.run import RunArguments
from token_classification.arguments.training import NerTrainingArguments
from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme
from token_classification.data.sentences import Sentences
from token_classification.modeling.build import load_config, load_model
from token_classification.modeling.tokenizer import load_tokenizer
from token_classification.recipe import DEFAULT_RECIPE
from token_classification.training.build import build_trainer
from token_classification.training.trainer import NerTrainer

LABELS = LabelSet(("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"), Scheme.IOB2)


def make_trainer(bert_folder, tmp_path, class_weights=None, recipe=DEFAULT_RECIPE, **settings) -> NerTrainer:
    """A trainer on the eight sentences."""
    model_arguments = ModelArguments(str(bert_folder))
    torch.manual_seed(0)
    model = load_model(model_arguments, load_config(model_arguments), LABELS)
    aligner = build_aligner(load_tokenizer(model_arguments), LABELS, window_length=64)
    words, tags = zip(*((words.split(), tags.split()) for words, tags in SENTENCES), strict=True)
    split = aligner.align(Sentences(list(words), list(tags), list(range(8))))
    training = NerTrainingArguments(output_dir=str(tmp_path), do_train=True, disable_tqdm=True, **settings)
    arguments = RunArguments(model_arguments, DataArguments(train_file="eight.conll"), training)
    return build_trainer(model, aligner, {"train": split, "validation": split}, arguments, recipe, class_weights)
