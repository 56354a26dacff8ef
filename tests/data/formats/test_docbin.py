"""spaCy's DocBin: read, written, and learned from by spaCy itself."""

import sys
import zlib

import pytest

from token_classification import cli
from token_classification.data.formats.docbin import is_docbin
from token_classification.exit_codes import run_command

spacy = pytest.importorskip("spacy", reason='spaCy is not installed; type: pip install ".[spacy]"')

from spacy.cli.init_config import init_config  # noqa: E402
from spacy.cli.train import train  # noqa: E402
from spacy.tokens import Doc, DocBin  # noqa: E402
from spacy.training import Corpus  # noqa: E402

from token_classification.data.formats import read_sentences  # noqa: E402
from token_classification.data.formats.docbin import read_docbin, write_docbin  # noqa: E402
from token_classification.data.formats.recognise import recognise_format  # noqa: E402
from token_classification.data.spans.document import Span, SpanDocument  # noqa: E402
from token_classification.errors import DataError  # noqa: E402

TEXT = "Ada Byron lived in Bath, not in Rome."
SPANS = (Span(0, 9, "PER"), Span(19, 23, "LOC"), Span(32, 36, "LOC"))


def make_document(folder, *spans, **more):
    return SpanDocument(TEXT, spans, folder / "a", 1, **more)


def save(folder, *docs):
    path = folder / "a.bin"
    DocBin(docs=docs).to_disk(path)
    return path


def test_what_spacy_wrote_is_read_for_training(tmp_path):
    doc = spacy.blank("en")(TEXT)
    doc.ents = [doc.char_span(*span[:3]) for span in SPANS]
    path = save(tmp_path, doc)
    assert recognise_format(path) == "spacy"
    sentences = read_sentences(path)
    assert sentences.tokens == [[token.text for token in doc]]
    assert [tag for tag in sentences.tags[0] if tag != "O"] == ["B-PER", "I-PER", "B-LOC", "B-LOC"]


def test_groups_of_spans_are_chosen_by_name(tmp_path):
    doc = spacy.blank("en")(TEXT)
    doc.ents = [doc.char_span(0, 9, "PER")]
    doc.spans["sc"] = [doc.char_span(0, 3, "FIRST"), doc.char_span(0, 9, "PER")]
    path = save(tmp_path, doc)
    file = read_docbin(path)
    assert [span[:3] for span in file.documents[0].spans] == [(0, 9, "PER")]
    assert file.notes == [f"{path}: spans of 'ents' are read, 2 of 'sc' are not: --label_column_name sc does"]
    assert len(read_docbin(path, label_column="sc").documents[0].spans) == 2
    with pytest.raises(DataError, match="no column 'other'"):
        read_docbin(path, label_column="other")


def test_documents_without_annotation_wait_for_labels(tmp_path):
    file = read_docbin(save(tmp_path, spacy.blank("en")(TEXT)))
    assert (file.is_labelled, file.documents[0].spans) == (False, ())
    written = write_docbin([make_document(tmp_path, is_labelled=False)])
    (tmp_path / "b").write_bytes(written.content)
    assert not read_docbin(tmp_path / "b").is_labelled


def test_overlapping_spans_are_a_group_aloud(tmp_path):
    written = write_docbin([make_document(tmp_path, *SPANS, Span(0, 3, "FIRST", 0.5), doc_id="x", meta={"n": 1})])
    assert [note.split(":")[0] for note in written.notes] == [
        "1 scores of spans are left out",
        "1 documents have other fields; they are left out",
        "spans overlap",
    ]
    (tmp_path / "b").write_bytes(written.content)
    (document,) = read_docbin(tmp_path / "b").documents
    assert (document.doc_id, len(document.spans)) == ("x", 4)


def test_cut_words_and_blanks_at_edges_are_said(tmp_path):
    written = write_docbin([make_document(tmp_path, Span(1, 4, "X"))])
    assert written.notes[0].startswith("1 words are several tokens")
    assert written.notes[1].startswith("1 spans have blanks at their edges")


def test_spacy_trains_an_epoch_on_it_and_loads_the_model(tmp_path):
    path = tmp_path / "train.spacy"
    path.write_bytes(write_docbin([make_document(tmp_path, *SPANS)] * 20).content)
    found = list(Corpus(path)(spacy.blank("en")))
    assert [[(span.text, span.label_) for span in example.reference.ents] for example in found] == [
        [("Ada Byron", "PER"), ("Bath", "LOC"), ("Rome", "LOC")]
    ] * 20
    init_config(lang="en", pipeline=["ner"]).to_disk(tmp_path / "config.cfg")
    settings = {"paths.train": str(path), "paths.dev": str(path), "training.max_epochs": 1}
    train(tmp_path / "config.cfg", tmp_path / "model", overrides=settings)
    nlp = spacy.load(tmp_path / "model" / "model-last")
    assert set(nlp.get_pipe("ner").labels) == {"PER", "LOC"}
    assert set(nlp.meta["performance"]["ents_per_type"]) == {"PER", "LOC"}
    assert isinstance(nlp(TEXT), Doc)


@pytest.mark.parametrize("content", [zlib.compress(b"\x81\xa5attrs"), zlib.compress(b"\x81\xa5attrs\x90"), b"x"])
def test_what_is_no_docbin_is_named(tmp_path, content):
    path = tmp_path / "a.spacy"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.spacy:1: no DocBin that spaCy can read"):
        read_docbin(path)


def test_other_compressed_data_is_no_docbin():
    assert not is_docbin(zlib.compress(b"words"))
    assert not is_docbin(b"\x78\x9cwords")
    assert not is_docbin(b"Ann\tB-PER\n")


def test_without_spacy_the_command_says_what_to_type(tmp_path, capsys, monkeypatch):
    (tmp_path / "a.jsonl").write_text('{"text": "Ada", "label": [[0, 3, "PER"]]}\n', encoding="utf-8")
    monkeypatch.setitem(sys.modules, "spacy.tokens", None)
    assert run_command(cli.run, ["convert", str(tmp_path / "a.jsonl"), str(tmp_path / "b"), "--to", "spacy"]) == 2
    assert (
        'spacy is not installed; type in the folder of this project: pip install ".[spacy]"' in capsys.readouterr().err
    )
    assert not (tmp_path / "b").exists()
