#!/usr/bin/env python
"""One training by flair or spaCy, or one tagging by ONNX Runtime through optimum, in an environment of their own.

`peers.py` starts it. It imports nothing of this project, whose version of transformers these libraries do not take.
The last line that it prints is JSON: seconds of wall and processor time, peak memory, versions.
"""

import argparse
import json
import resource
import sys
import time
from importlib.metadata import version
from pathlib import Path


def main() -> None:
    """Do what is asked and print what it took."""
    options = parse_arguments()
    versions, seconds, cpu_seconds, predicted = SIDES[options.side](options)
    Path(options.output, "predicted.json").write_text(json.dumps(predicted), encoding="utf-8")
    measured = {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "peak_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "versions": {name: version(name) for name in ("torch", "transformers", *versions)},
    }
    print(json.dumps(measured))


def parse_arguments() -> argparse.Namespace:
    """Parse what `peers.py` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("side", choices=SIDES)
    parser.add_argument("model")
    parser.add_argument("output")
    parser.add_argument("--train_file")
    parser.add_argument("--test_file")
    parser.add_argument("--batch_size", type=int)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--learning_rate", type=float)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--threads", type=int)
    return parser.parse_args()


def read_records(path: str) -> list[dict]:
    """Read sentences, `{"tokens": [...], "ner_tags": [...]}` in each line."""
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def list_entities(tags: list[str]) -> list[tuple[int, int, str]]:
    """List the entities of IOB2 tags: first word, word behind the last one, type."""
    entities: list[tuple[int, int, str]] = []
    for place, tag in enumerate(tags):
        prefix, _, kind = tag.partition("-")
        if prefix == "I" and entities and entities[-1][1:] == (place, kind):
            entities[-1] = (entities[-1][0], place + 1, kind)
        elif prefix in ("B", "I"):
            entities.append((place, place + 1, kind))
    return entities


def write_tags(length: int, entities: list[tuple[int, int, str]]) -> list[str]:
    """Return the IOB2 tags of entities that do not overlap."""
    tags = ["O"] * length
    for start, end, kind in entities:
        tags[start:end] = [f"B-{kind}"] + [f"I-{kind}"] * (end - start - 1)
    return tags


def train_flair(options: argparse.Namespace) -> tuple:
    """Fine-tune as flair's documentation does: one linear layer on the encoder, `ModelTrainer.fine_tune`."""
    import flair
    import torch
    from flair.data import Corpus, Sentence
    from flair.datasets import FlairDatapointDataset
    from flair.embeddings import TransformerWordEmbeddings
    from flair.models import SequenceTagger
    from flair.trainers import ModelTrainer

    torch.set_num_threads(options.threads)
    flair.set_seed(options.seed)

    def make_sentence(record: dict) -> Sentence:
        sentence = Sentence(record["tokens"])
        for start, end, kind in list_entities(record["ner_tags"]):
            sentence[start:end].add_label("ner", kind)
        return sentence

    train = [make_sentence(record) for record in read_records(options.train_file)]
    corpus = Corpus(train=FlairDatapointDataset(train), sample_missing_splits=False)
    embeddings = TransformerWordEmbeddings(options.model, fine_tune=True, layers="-1", subtoken_pooling="first")
    tagger = SequenceTagger(
        hidden_size=256,
        embeddings=embeddings,
        tag_dictionary=corpus.make_label_dictionary("ner", add_unk=False),
        tag_type="ner",
        use_crf=False,
        use_rnn=False,
        reproject_embeddings=False,
    )
    start, cpu_start = time.perf_counter(), time.process_time()
    ModelTrainer(tagger, corpus).fine_tune(
        options.output,
        learning_rate=options.learning_rate,
        mini_batch_size=options.batch_size,
        max_epochs=options.epochs,
        save_final_model=False,
    )
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    records = read_records(options.test_file)
    sentences = [Sentence(record["tokens"]) for record in records]
    tagger.predict(sentences, mini_batch_size=options.batch_size)
    predicted = []
    for sentence in sentences:
        spans = [(span[0].idx - 1, span[-1].idx, span.get_label("ner").value) for span in sentence.get_spans("ner")]
        predicted.append(write_tags(len(sentence), spans))
    return ("flair",), seconds, cpu_seconds, predicted


SPACY_CONFIG = """
[nlp]
lang = "en"
pipeline = ["transformer", "ner"]

[components]

[components.transformer]
factory = "transformer"
max_batch_items = 4096

[components.transformer.model]
@architectures = "spacy-transformers.TransformerModel.v3"
name = {model}

[components.transformer.model.get_spans]
@span_getters = "spacy-transformers.strided_spans.v1"
window = 128
stride = 96

[components.ner]
factory = "ner"

[components.ner.model]
@architectures = "spacy.TransitionBasedParser.v2"
state_type = "ner"
extra_state_tokens = false
hidden_width = 64
maxout_pieces = 2
use_upper = false

[components.ner.model.tok2vec]
@architectures = "spacy-transformers.TransformerListener.v1"
grad_factor = 1.0

[components.ner.model.tok2vec.pooling]
@layers = "reduce_mean.v1"

[corpora]

[corpora.train]
@readers = "spacy.Corpus.v1"
path = {train}

[corpora.dev]
@readers = "spacy.Corpus.v1"
path = {dev}

[training]
seed = {seed}
max_epochs = {epochs}
max_steps = 0
eval_frequency = 1000000
patience = 0
accumulate_gradient = 1
train_corpus = "corpora.train"
dev_corpus = "corpora.dev"

[training.batcher]
@batchers = "spacy.batch_by_sequence.v1"
size = {batch_size}

[training.optimizer]
@optimizers = "Adam.v1"

[training.optimizer.learn_rate]
@schedules = "warmup_linear.v1"
warmup_steps = {warmup_steps}
total_steps = {steps}
initial_rate = {learning_rate}
"""
"""A transformer and a recognizer as in spaCy's documentation, with the settings of all sides; it adds its defaults"""


def train_spacy(options: argparse.Namespace) -> tuple:
    """Train as `spacy train` does: an encoder that listens, and spaCy's own transition-based recognizer."""
    import spacy
    import torch
    from spacy.cli.init_config import fill_config
    from spacy.tokens import Doc, DocBin, Span
    from spacy.training.initialize import init_nlp
    from spacy.training.loop import train

    torch.set_num_threads(options.threads)
    blank = spacy.blank("en")
    records = read_records(options.train_file)
    docs = []
    for record in records:
        doc = Doc(blank.vocab, words=record["tokens"])
        doc.set_ents([Span(doc, *entity) for entity in list_entities(record["ner_tags"])])
        docs.append(doc)
    paths = {name: Path(options.output, f"{name}.spacy") for name in ("train", "dev")}
    DocBin(docs=docs).to_disk(paths["train"])
    # It is evaluated at the end of the training all the same.
    DocBin(docs=docs[:1]).to_disk(paths["dev"])
    steps = -(-len(records) // options.batch_size) * options.epochs
    settings = {name: json.dumps(value) for name, value in vars(options).items()}
    settings |= {name: json.dumps(str(path)) for name, path in paths.items()}
    text = SPACY_CONFIG.format(**settings, steps=steps, warmup_steps=steps // 10)
    base = Path(options.output, "base_config.cfg")
    base.write_text(text)
    _, config = fill_config(Path(options.output, "config.cfg"), base)
    nlp = init_nlp(config)
    start, cpu_start = time.perf_counter(), time.process_time()
    train(nlp, stdout=sys.stderr)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    tagged = nlp.pipe(
        (Doc(nlp.vocab, words=record["tokens"]) for record in read_records(options.test_file)),
        batch_size=options.batch_size,
    )
    predicted = [write_tags(len(doc), [(span.start, span.end, span.label_) for span in doc.ents]) for doc in tagged]
    return ("spacy", "spacy-transformers"), seconds, cpu_seconds, predicted


def tag_onnx(options: argparse.Namespace) -> tuple:
    """Tag texts with the library's pipeline around ONNX Runtime, as optimum's documentation does."""
    from onnxruntime import SessionOptions
    from optimum.onnxruntime import ORTModelForTokenClassification, ORTQuantizer
    from optimum.onnxruntime.configuration import AutoQuantizationConfig
    from transformers import AutoTokenizer, pipeline

    session = SessionOptions()
    session.intra_op_num_threads = options.threads
    folder = options.output
    ORTModelForTokenClassification.from_pretrained(options.model, export=True).save_pretrained(folder)
    name = "model.onnx"
    if options.side == "onnx-int8":
        dynamic = AutoQuantizationConfig.avx512_vnni(is_static=False, per_channel=False)
        ORTQuantizer.from_pretrained(folder).quantize(save_dir=folder, quantization_config=dynamic)
        name = "model_quantized.onnx"
    model = ORTModelForTokenClassification.from_pretrained(folder, file_name=name, session_options=session)
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    tag = pipeline("token-classification", model=model, tokenizer=tokenizer, aggregation_strategy="simple")
    texts = [" ".join(record["tokens"]) for record in read_records(options.test_file)]
    tag(texts[:64], batch_size=options.batch_size)
    start, cpu_start = time.perf_counter(), time.process_time()
    found = tag(texts, batch_size=options.batch_size)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    spans = [[(entity["start"], entity["end"], entity["entity_group"]) for entity in one] for one in found]
    return ("optimum", "optimum-onnx", "onnxruntime"), seconds, cpu_seconds, spans


SIDES = {"flair": train_flair, "spacy": train_spacy, "onnx": tag_onnx, "onnx-int8": tag_onnx}

if __name__ == "__main__":
    main()
