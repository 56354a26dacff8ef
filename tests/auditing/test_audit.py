"""Whole audits with a tiny encoder: what is written, what a killed one goes on with, and what is refused."""

import json
import re
import shutil

import numpy as np
import pytest
from conftest import SENTENCES, write_sentences

from token_classification import cli
from token_classification.auditing import fold_training, out_of_fold
from token_classification.auditing.audit import audit_file, identify_encoder
from token_classification.auditing.fold_training import FoldSettings
from token_classification.auditing.read_file import read_labelled_file
from token_classification.checking.files import USUAL_COLUMNS
from token_classification.errors import StoppedError
from token_classification.exit_codes import run_command

RECIPE = {"num_train_epochs": 1, "use_cpu": True, "disable_tqdm": True}


@pytest.fixture
def settings(bert_folder) -> FoldSettings:
    """Two folds of a tiny encoder."""
    return FoldSettings(str(bert_folder), folds=2, recipe=RECIPE)


def test_a_killed_audit_goes_on_where_it_stopped(settings, conll_file, tmp_path, monkeypatch, caplog):
    train, trained = out_of_fold.train_fold, []

    def train_one(file, settings, rows):
        trained.append(list(rows))
        if len(trained) == 2:
            raise KeyboardInterrupt
        return train(file, settings, rows)

    monkeypatch.setattr(out_of_fold, "train_fold", train_one)
    with pytest.raises(KeyboardInterrupt):
        audit_file(conll_file, USUAL_COLUMNS, settings, tmp_path / "out")
    assert not (tmp_path / "out" / "audit.json").exists()
    caplog.set_level("INFO", "token_classification")
    candidates = audit_file(conll_file, USUAL_COLUMNS, settings, tmp_path / "out")
    assert trained[1] == trained[2]
    assert len(trained) == 3
    assert sorted(trained[0] + trained[1]) == list(range(len(SENTENCES)))
    assert "1 of 2 folds are known" in caplog.text
    assert "Fold 2 of 2 is done" in caplog.text
    record = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert len(record["candidates"]) == len(candidates) > 0
    # Nothing is trained for the same audit, and everything for one with other labels.
    assert audit_file(conll_file, USUAL_COLUMNS, settings, tmp_path / "out") == candidates
    assert len(trained) == 3
    text = conll_file.read_text().replace("Smith\tI-PER", "Smith\tO")
    conll_file.write_text(text)
    audit_file(conll_file, USUAL_COLUMNS, settings, tmp_path / "out")
    assert len(trained) == 5
    assert "made with other data or settings; this fold is trained again" in caplog.text


def test_sigterm_leaves_the_finished_folds(settings, conll_file, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise StoppedError("stopped; checkpoint-3 is saved")

    monkeypatch.setattr(fold_training, "fine_tune", stop)
    with pytest.raises(StoppedError, match=r"are kept in .*folds. To continue: the same command again") as error:
        audit_file(conll_file, USUAL_COLUMNS, settings, tmp_path / "out")
    assert "checkpoint" not in str(error.value)


def test_every_word_is_judged_by_a_model_that_has_not_seen_it(settings, conll_file, tmp_path, monkeypatch):
    learned = []

    def note(model, *, train, **flags):
        learned.append([record["tokens"] for record in train])
        return fine_tune(model, train=train, **flags)

    fine_tune = fold_training.fine_tune
    monkeypatch.setattr(fold_training, "fine_tune", note)
    audit_file(conll_file, USUAL_COLUMNS, settings, tmp_path / "out")
    everything = [words.split() for words, _ in SENTENCES]
    assert len(learned) == 2
    for number, tokens in enumerate(learned, 1):
        with np.load(tmp_path / "out" / "folds" / f"fold_{number}.npz") as fold:
            weights = fold["log_probabilities"]
        assert len(weights) == sum(len(words) for words in everything if words not in tokens) > 0
        np.testing.assert_allclose(np.exp(weights).sum(axis=1), 1, atol=1e-5)


def test_a_damaged_fold_is_made_again(settings, conll_file, tmp_path, caplog):
    before = audit_file(conll_file, USUAL_COLUMNS, settings, tmp_path / "out")
    (tmp_path / "out" / "folds" / "fold_2.npz").write_bytes(b"PK\x03\x04 and no more")
    assert audit_file(conll_file, USUAL_COLUMNS, settings, tmp_path / "out") == before
    assert "fold_2.npz: can't be read" in caplog.text


def test_a_model_that_learned_the_file_is_warned_of(settings, tagger_folder, conll_file, tmp_path, caplog):
    model = tmp_path / "model"
    shutil.copytree(tagger_folder, model)
    file = read_labelled_file(conll_file, USUAL_COLUMNS)
    identify_encoder(settings.encoder, file)
    assert caplog.text == ""
    identify_encoder(str(model), file)
    assert "was fine-tuned already, perhaps on this file" in caplog.text
    (model / "run.json").write_text(json.dumps({"data": {"train": {"source": "a", "sha256": file.sha256}}}))
    identify_encoder(str(model), file)
    assert "was fine-tuned already, on this file" in caplog.text
    caplog.clear()
    caplog.set_level("INFO", "token_classification")
    (model / "run.json").write_text(json.dumps({"data": {"train": {"source": "other.conll", "sha256": "0"}}}))
    identify_encoder(str(model), file)
    [record] = caplog.records
    assert (record.levelname, "was fine-tuned on other.conll. Models that know" in record.message) == ("INFO", True)


@pytest.mark.parametrize(
    ("flags", "content", "problem"),
    [
        ([], None, "audit needs -m ENCODER, to find labels that are wrong, or --apply decisions.json"),
        (["-m", "{bert}", "--apply", "x.json"], None, "both are given; type one of them"),
        (["-m", "{bert}", "--folds", "1"], None, "--folds 1: .* accepted: 2 or more; type --folds 5"),
        (["-m", "{bert}", "--folds", "9"], None, "--folds 9, but the file has 8 .*type --folds 8"),
        (["-m", "{bert}"], "Anna\nleft\n", "no tags; accepted: a labelled file"),
        (["-m", "{bert}"], "Anna O\nleft O\n", "no labels but O; accepted: a labelled file"),
        (["-m", "{bert}"], "Anna B-PER\nleft\n", r"x.conll:2: .*token_classification check \S+ --repair FOLDER"),
        (["-m", "{bert}/missing"], None, "model .*missing"),
        (["--apply", "missing.json"], None, "missing.json: can't be read .*accepted: decisions.json"),
    ],
)
def test_mistakes_are_named_with_what_to_type(flags, content, problem, bert_folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write_sentences(tmp_path / "x.conll")
    if content is not None:
        path.write_text(content)
    typed = [flag.replace("{bert}", str(bert_folder)) for flag in flags]
    assert run_command(cli.run, ["audit", str(path), *typed]) == 2
    heard = capsys.readouterr().err
    assert re.search(problem, heard.replace("\n", " ")), heard
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.conll"]
