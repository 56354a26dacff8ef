"""A model is saved whole or not at all."""

import pytest
from trainers import make_trainer

from token_classification.training.survival.whole_model import saving_whole


def test_files_are_in_their_place_when_all_are_written(tmp_path):
    (tmp_path / "config.json").write_text("old")
    with saving_whole(tmp_path, is_writer=True) as unfinished:
        unfinished.mkdir()
        (unfinished / "config.json").write_text("new")
        assert (tmp_path / "config.json").read_text() == "old"
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("config.json", "new")]


def test_a_process_that_does_not_write_leaves_nothing(tmp_path):
    with saving_whole(tmp_path, is_writer=False) as unfinished:
        assert unfinished.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_a_model_is_saved_whole_or_not_at_all(bert_folder, tmp_path, monkeypatch):
    trainer = make_trainer(bert_folder, tmp_path, max_steps=1)
    trainer.save_model(str(tmp_path / "model"))
    before = {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= before.keys()

    def fill_disk(folder):
        raise OSError(28, "No space left on device", f"{folder}/tokenizer.json")

    trainer.model.config.id2label[0] = "OTHER"
    monkeypatch.setattr(trainer.processing_class, "save_pretrained", fill_disk)
    with pytest.raises(OSError, match="No space"):
        trainer.save_model(str(tmp_path / "model"))
    assert {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()} == before
