"""A spec written out: it holds what its command reads, and is read back as it was."""

import logging

import pytest
import yaml

from token_classification.tao.command_keys import dump_spec
from token_classification.tao.schema import COMMAND_KEYS
from token_classification.tao.spec import load_spec

DUMPED = {
    "train": ["data_dir=/data #1", "exp_manager.name=no", "model.label_ids=20240105_1", "trainer.seed=7"],
    "finetune": ["restore_from=1e5", "data_dir=d", "model.optim.sched=null", "model.optim.betas=[0.9, 0.98]"],
    "evaluate": ["restore_from=m", "data_dir=~", "test_ds.batch_size=3", "report=false"],
    "infer": ["restore_from=m", "input_batch=['a: b', 'null', '', 'x\u2028y']", "threshold={PER: 0.5}", "words=none"],
    "export": ["restore_from=m", "test_file=caf\udce9.txt", "max_f1_drop=1e-7"],
    "dataset_convert": ["source_data_dir=null.txt", "target_data_dir='quoted'", "scheme=iob2"],
}


@pytest.mark.parametrize("command", COMMAND_KEYS)
def test_a_dumped_spec_loads_in_silence_and_is_the_same(command, tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="token_classification")
    spec = load_spec(command, None, DUMPED[command], [])
    text = dump_spec(spec, command)
    (tmp_path / "spec.yaml").write_text(text, encoding="utf-8")
    again = load_spec(command, str(tmp_path / "spec.yaml"), [], [])
    assert caplog.messages == []
    assert again == spec
    assert dump_spec(again, command) == text


def test_a_dump_holds_what_the_command_reads_only():
    dumped = yaml.safe_load(dump_spec(load_spec("train", None, ["data_dir=d"], []), "train"))
    assert set(dumped) == {
        "restore_from",
        "replay_file",
        "old_test_file",
        "teacher",
        "data_dir",
        "model",
        "training_ds",
        "validation_ds",
        "trainer",
        "exp_manager",
        "report",
        "calibrate",
    }
    assert set(dumped["model"]["optim"]) == {"name", "lr", "weight_decay", "sched"}
