"""The commands as TAO users type them, from IOB files to tagged text, on a tiny encoder."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from conftest import SENTENCES
from nemo_configs import NEMO_CONFIGS
from tao_runs import run, train_model

from token_classification.arguments.model import ModelArguments
from token_classification.modeling.build import load_config
from token_classification.training.cpu.attention import CPU_TRAINING
from token_classification.training.packing.collator import PackingCollator
from token_classification.training.trainer import NerTrainer


@pytest.fixture(scope="module")
def trained(tmp_path_factory, specs, data_dir, bert_folder) -> Path:
    """The results folder of a training."""
    results = tmp_path_factory.mktemp("results") / "train"
    assert train_model(specs, data_dir, bert_folder, results) == 0
    return results


def test_conversion_leaves_the_seven_files(data_dir):
    assert {path.name for path in data_dir.iterdir()} >= {
        "label_ids.csv",
        *(f"{kind}_{split}.txt" for kind in ("text", "labels") for split in ("train", "dev", "test")),
    }
    assert (data_dir / "label_ids.csv").read_text().split() == [
        *("O", "B-LOC", "B-ORG", "B-PER", "I-LOC", "I-ORG", "I-PER")
    ]


def test_training_logs_what_nemo_users_look_for(trained, data_dir):
    log = (trained / "nemo_log_globalrank-0_localrank-0.txt").read_text()
    for line in (
        "Spec file:",
        f"Experiments will be logged at {trained}",
        f"Reusing label_ids file found at {data_dir}/label_ids.csv.",
        f"Setting model.dataset.data_dir to {data_dir}.",
        "Using provided labels mapping {'O': 0, 'B-LOC': 1,",
        "Total labels: 55. Label frequencies - {0: ",
        "Class Weights: {0: ",
        "Setting Max Seq length to: ",
        "*** Example ***",
        "Optimizer config = Adam (",
        'Scheduler "WarmupAnnealing"',
        "effective maximum steps = 160",
        "Trainable params",
        "B-PER (label_id: 3)                                    100.00     100.00     100.00",
        f"Trained model saved to '{trained}/checkpoints/trained-model'",
        "if F1 stays low: model.optim.lr=5e-5",
    ):
        assert line in log, line
    assert not any(path.suffix == ".bin" for path in (trained / "checkpoints" / "trained-model").iterdir())
    assert "class_balancing: null" in (trained / "spec.yaml").read_text()


def test_the_record_holds_what_the_model_learnt_with(trained):
    record = json.loads((trained / "checkpoints" / "run.json").read_text())
    assert record["recipe"]["head"]["dropout"] == 0.0
    assert (record["recipe"]["optimizer"]["name"], record["recipe"]["schedule"]["name"]) == ("adam", "WarmupAnnealing")
    assert record["training_arguments"]["learning_rate"] == 5e-3
    assert "lr_scheduler_type" not in record["training_arguments"]


def test_a_spec_chooses_the_decoder_the_rate_of_the_head_and_when_to_stop(specs, data_dir, bert_folder, tmp_path):
    early, choices = (
        "exp_manager.early_stopping_callback_params",
        ["model.decoder=argmax", "model.optim.head_lr=0.01"],
    )
    choices += ["exp_manager.create_early_stopping_callback=true", f"{early}.patience=1", f"{early}.min_delta=10"]
    assert train_model(specs, data_dir, bert_folder, tmp_path, *choices, "report=false") == 0
    model = tmp_path / "checkpoints"
    assert json.loads((model / "trainer_state.json").read_text())["epoch"] == 2
    record = json.loads((model / "run.json").read_text())
    assert record["recipe"]["early_stopping"] == {
        "metric": "eval_loss",
        "patience": 1,
        "min_delta": 10.0,
        "greater_is_better": False,
    }
    assert "early_stopping_patience" not in record["training_arguments"]
    assert record["training_arguments"]["head_learning_rate"] == 0.01
    assert record["data_arguments"]["decoder"] == "argmax"
    assert json.loads((model / "trained-model" / "config.json").read_text())["tag_decoder"] == "argmax"
    assert not (model / "report").exists()


def test_nemos_own_configuration_trains_and_its_dump_trains_the_same(data_dir, bert_folder, tmp_path, capsys):
    config = tmp_path / "token_classification_config.yaml"
    config.write_text(yaml.safe_dump(NEMO_CONFIGS["1.23.0"]))
    settings = [f"model.dataset.data_dir={data_dir}", "trainer.devices=[0]", "+trainer.strategy=ddp", "~model.test_ds"]
    settings += [f"model.language_model.pretrained_model_name={bert_folder}", "trainer.max_epochs=1"]
    assert run("train", "-e", config, "-r", tmp_path / "own", *settings) == 0
    assert "trainer.precision=16" in capsys.readouterr().out
    assert run("train", "-e", tmp_path / "own" / "spec.yaml", "-r", tmp_path / "dump") == 0
    own, dump = (
        (tmp_path / name / "checkpoints" / "token_classification_model" / "model.safetensors").read_bytes()
        for name in ("own", "dump")
    )
    assert own == dump


def test_checkpoints_are_the_best_and_the_last(trained):
    steps = {int(path.name.split("-")[1]) for path in (trained / "checkpoints").glob("checkpoint-*")}
    assert 3 <= len(steps) <= 4
    assert max(steps) == 160


def test_the_deep_head_refuses_to_be_another_model(trained):
    """How it loads in a process without this project: `tests/modeling/test_deep_head.py`."""
    folder = trained / "checkpoints" / "trained-model"
    config = json.loads((folder / "config.json").read_text())
    assert config["model_type"] == "deep_head"
    assert (config["text_config"]["model_type"], config["id2label"]["3"]) == ("bert", "B-PER")
    assert config["tag_decoder"] == "viterbi"
    # The default of 128 is what it learnt with, as far as it takes that.
    assert config["tag_window"] == 64
    assert "tag_window" not in config["text_config"]
    assert (folder / "deep_head.py").is_file()
    card = (folder / "README.md").read_text()
    assert 'pipeline("token-classification", model="trained-model", trust_remote_code=True, ' in card
    assert "deep_head.py" in card


@pytest.mark.parametrize("layers", [1, 2])
def test_sentences_share_rows_whatever_the_head(layers, specs, data_dir, bert_folder, tmp_path, monkeypatch):
    seen = []
    step = NerTrainer.training_step

    def watch(trainer, model, *arguments):
        seen.append((type(trainer.data_collator), trainer.model.base_model.config._attn_implementation))
        return step(trainer, model, *arguments)

    monkeypatch.setattr(NerTrainer, "training_step", watch)
    settings = ["trainer.max_epochs=1", f"model.head.num_fc_layers={layers}"]
    assert train_model(specs, data_dir, bert_folder, tmp_path, *settings) == 0
    attention = "sdpa" if torch.accelerator.is_available() else CPU_TRAINING
    assert set(seen) == {(PackingCollator, attention)}


def test_one_layer_is_read_by_every_command(specs, data_dir, bert_folder, tmp_path, capsys):
    settings = ["model.head.num_fc_layers=1", "trainer.max_epochs=1"]
    assert train_model(specs, data_dir, bert_folder, tmp_path / "train", *settings) == 0
    model = tmp_path / "train" / "checkpoints" / "trained-model"
    assert json.loads((model / "config.json").read_text())["model_type"] == "bert"
    assert 'model="trained-model", aggregation' in (model / "README.md").read_text()
    common = ["-m", model, f"data_dir={data_dir}"]
    once = ["-e", specs / "finetune.yaml", "trainer.max_epochs=1"]
    assert run("finetune", "-r", tmp_path / "fine", *common, *once) == 0
    tuned = tmp_path / "fine" / "checkpoints" / "finetuned-model"
    assert "deep_head" not in (tuned / "config.json").read_text()
    assert run("evaluate", "-e", specs / "evaluate.yaml", "-r", tmp_path / "evaluate", *common) == 0
    assert run("average", model, tuned, "-r", tmp_path / "mean") == 0
    query = 'input_batch=["Where is Globex?"]'
    assert run("infer", "-e", specs / "infer.yaml", "-r", tmp_path / "infer", "-m", tmp_path / "mean", query) == 0
    assert "Query : Where is Globex?" in capsys.readouterr().out


def test_a_deep_head_is_read_by_every_other_command(trained, data_dir, tmp_path, capsys):
    """Beside finetune, evaluate and infer, which other tests run."""
    model = trained / "checkpoints" / "trained-model"
    assert run("average", model, model, "-r", tmp_path / "mean") == 0
    assert load_config(ModelArguments(str(tmp_path / "mean"))).head_layers == 2
    long_sentence = tmp_path / "long.conll"
    long_sentence.write_text("Anna\tB-PER\n" * 100)
    assert run("check", long_sentence, "-m", model) == 0
    assert "62 fit into the window" in capsys.readouterr().out


def test_evaluation_reports_labels_and_entities(trained, specs, data_dir, tmp_path, capsys):
    model = trained / "checkpoints" / "trained-model"
    files = ["test_ds.text_file=text_test.txt", "test_ds.labels_file=labels_test.txt"]
    assert (
        run("evaluate", "-e", specs / "evaluate.yaml", "-r", tmp_path, "-m", model, f"data_dir={data_dir}", *files)
        == 0
    )
    output = capsys.readouterr().out
    assert "DATALOADER:0 TEST RESULTS" in output
    assert "macro avg                                              100.00     100.00     100.00         55" in output
    assert "Entity level (seqeval): precision 100.00, recall 100.00, f1 100.00" in output
    gold, predicted = (tmp_path / "infer_text_test.txt").read_text().splitlines()
    assert gold.split("\t")[1] == predicted.split("\t")[1] == " ".join(tags for _, tags in SENTENCES)
    assert list(tmp_path.glob("Normalized_Confusion_matrix_*.png"))
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert (report["source"], report["micro"]["f1"]["value"]) == (str(data_dir / "text_test.txt"), 1.0)


def test_evaluation_without_a_report(trained, specs, data_dir, tmp_path):
    model = trained / "checkpoints" / "trained-model"
    settings = [f"data_dir={data_dir}", "report=false"]
    assert run("evaluate", "-e", specs / "evaluate.yaml", "-r", tmp_path, "-m", model, *settings) == 0
    assert not (tmp_path / "report").exists()


def test_inference_prints_queries_and_results(trained, specs, tmp_path, capsys):
    model = trained / "checkpoints" / "trained-model"
    queries = '["He went to London on Wednesday.", "", "Where is Globex?"]'
    assert run("infer", "-e", specs / "infer.yaml", "-r", tmp_path, "-m", model, f"input_batch={queries}") == 0
    output = capsys.readouterr().out
    assert "Query : He went to London on Wednesday.\nResult: He went to London[B-LOC] on Wednesday.\n" in output
    assert (tmp_path / "predictions.txt").read_text().splitlines() == [
        "He went to London[B-LOC] on Wednesday.",
        "",
        "Where is Globex[B-ORG]?",
    ]
    first = json.loads((tmp_path / "predictions.jsonl").read_text().splitlines()[0])
    entity = first["entities"][0]
    assert (entity["start"], entity["end"], entity["label"], entity["text"]) == (11, 17, "LOC", "London")
    assert 0.5 < entity["score"] <= 1.0


def test_with_a_key_the_model_is_an_archive(specs, data_dir, bert_folder, tmp_path, capsys, cheap_scrypt):
    assert train_model(specs, data_dir, bert_folder, tmp_path / "train", "trainer.max_epochs=1", "-k", "secret") == 0
    checkpoints = tmp_path / "train" / "checkpoints"
    archive = checkpoints / "trained-model.tlt"
    assert archive.is_file()
    assert not (checkpoints / "trained-model").exists()
    written = [path for path in (tmp_path / "train").rglob("*") if path.suffix in (".txt", ".json", ".yaml", ".log")]
    assert all("secret" not in path.read_text() for path in written)
    common = ["infer", "-e", specs / "infer.yaml", "-r", tmp_path / "infer", "-m", archive]
    assert run(*common, "-k", "secret") == 0
    assert run(*common, "-k", "wrong") == 2
    assert run(*common) == 2
    assert "secret" not in capsys.readouterr().err


@pytest.mark.parametrize("command", ["train", "finetune"])
def test_a_key_of_one_character_is_refused_before_the_work(command, specs, data_dir, tmp_path, capsys):
    spec = specs / f"{command}.yaml"
    assert run(command, "-e", spec, "-r", tmp_path / "train", "-k", "k", f"data_dir={data_dir}") == 2
    assert "the key is one character long" in capsys.readouterr().err
    assert not (tmp_path / "train").exists()


def test_finetuning_keeps_the_labels_and_refuses_new_ones(trained, specs, data_dir, tmp_path, capsys):
    model = trained / "checkpoints" / "trained-model"
    common = ["finetune", "-e", specs / "finetune.yaml", "-m", model, "trainer.max_epochs=1"]
    subset = tmp_path / "subset"
    subset.mkdir()
    for split in ("train", "dev"):
        (subset / f"text_{split}.txt").write_text("Anna moved\n")
        (subset / f"labels_{split}.txt").write_text("B-PER O\n")
    assert (
        run(*common, "-r", tmp_path / "fine", f"data_dir={subset}", "model.dataset.class_balancing=weighted_loss") == 0
    )
    tuned = tmp_path / "fine" / "checkpoints" / "finetuned-model" / "config.json"
    old = json.loads((model / "config.json").read_text())["id2label"]
    assert json.loads(tuned.read_text())["id2label"] == old
    (subset / "labels_train.txt").write_text("B-NEW O\n")
    assert run(*common, "-r", tmp_path / "again", f"data_dir={subset}") == 2
    error = capsys.readouterr().err
    assert "B-NEW" in error
    assert "token_classification train" in error


def test_a_training_that_learnt_nothing_says_so_at_its_end(specs, data_dir, bert_folder, tmp_path, capsys):
    data = tmp_path / "data"
    shutil.copytree(data_dir, data)
    labels = data / "labels_train.txt"
    labels.write_text(re.sub(r"\S+", "O", labels.read_text()))
    settings = [f"data_dir={data}", "trainer.max_epochs=10", "training_ds.num_samples=7", "report=false"]
    assert train_model(specs, data_dir, bert_folder, tmp_path / "results", *settings) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "THE MODEL HAS LEARNT NOTHING" in lines[-2]
    assert "training_ds.batch_size=8" in lines[-2]
    assert not (tmp_path / "results" / "checkpoints" / "report").exists()
    # num_samples is how many sentences are used; labels are those of the whole file.
    assert any("Total labels: 55. " in line for line in lines)
    assert (data / "labels_train_label_stats.tsv").read_text() == "0\t\t1.0\t\t55\n"


def test_what_ends_a_command_is_in_its_error_log(specs, data_dir, bert_folder, tmp_path):
    assert train_model(specs, data_dir, bert_folder, tmp_path, "training_ds.batch_size=0") == 2
    assert "training_ds.batch_size must be 1 or more" in (tmp_path / "nemo_error_log.txt").read_text()


MISTAKES = {
    "unknown key": (["trainer.max_epoch=3"], "did you mean trainer.max_epochs?"),
    "wrong type": (["trainer.max_epochs=many"], "a whole number"),
    "open key": (["data_dir=???"], "data_dir has no value"),
    "no override": (["max_epochs"], "overrides like trainer.max_epochs=3"),
    "unknown flag": (["--spec", "x"], "unknown flag --spec"),
    "megatron": (["model.language_model.pretrained_model_name=megatron-bert-345m-cased"], "bert-base-uncased"),
    "class balancing": (["model.dataset.class_balancing=loss"], "weighted_loss"),
    "several nodes": (["trainer.num_nodes=2"], "docs/scaling.md"),
    "processes": (["trainer.gpus=2"], "the flag -g"),
    "no batch": (["training_ds.batch_size=0"], "training_ds.batch_size must be 1 or more; got 0"),
    "no epoch": (["trainer.max_epochs=-1"], "trainer.max_epochs must be 0 or more; got -1"),
    "no step": (["trainer.max_epochs=0"], "Give trainer.max_epochs above 0"),
    "seed": (["trainer.seed=-1"], "trainer.seed must be 0 to"),
    "no rate": (["model.optim.lr=-1"], "model.optim.lr=-1.0: the learning rate has to be above 0"),
    "optimizer": (["model.optim.name=novograd"], "adamw"),
    "nothing to continue": (["exp_manager.resume_ignore_no_checkpoint=false"], "holds no checkpoint to continue from"),
    "schedule": (["model.optim.sched.name=Warmup"], "WarmupAnnealing"),
    "no data": (["data_dir=/nowhere"], "/nowhere"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_end_with_a_message_and_exit_code_2(mistake, specs, data_dir, bert_folder, tmp_path, capsys):
    arguments, expected = MISTAKES[mistake]
    settings = [f"data_dir={data_dir}", f"model.language_model.pretrained_model_name={bert_folder}"]
    assert run("train", "-e", specs / "train.yaml", "-r", tmp_path / "out", *settings, *arguments) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert "Traceback" not in error


def test_every_shipped_spec_opens_with_the_command_that_runs_it(specs):
    for path in sorted(specs.glob("*.yaml")):
        assert path.read_text().startswith(f"# token_classification {path.stem} -e specs/{path.name} ")


@pytest.mark.slow
def test_two_processes_evaluate_as_one(trained, specs, data_dir, tmp_path):
    # The command is typed in a folder with files that are called like libraries: none of them may run.
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("regex", "run_ner", "torch", "token_classification"):
        (folder / f"{name}.py").write_text(f"raise SystemExit('{name}.py of the current folder was run')")
    model = trained / "checkpoints" / "trained-model"
    common = ["evaluate", "-e", specs / "evaluate.yaml", "-m", model, f"data_dir={data_dir}"]
    command = [Path(sys.executable).parent / "token_classification", *common, "-g", "2", "-r", tmp_path / "two"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert run(*common, "-r", tmp_path / "one") == 0
    one, two = ((tmp_path / name / "infer_text_dev.txt").read_bytes() for name in ("one", "two"))
    assert one == two


def test_nothing_of_the_current_folder_is_run(tmp_path):
    for name in ("regex", "run_ner", "torch"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name}.py of the current folder was run')")
    command = [sys.executable, "-m", "token_classification", "train", "-r", "results"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "data_dir has no value" in done.stderr


@pytest.mark.slow
def test_a_mistake_in_a_run_of_several_processes_ends_with_code_2_and_without_a_traceback(specs, tmp_path):
    command = [sys.executable, "-m", "token_classification", "evaluate", "-e", specs / "evaluate.yaml", "-g", "2"]
    settings = ["-r", tmp_path / "results", "-m", tmp_path / "absent", f"data_dir={tmp_path}"]
    done = subprocess.run(list(map(str, [*command, *settings])), capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
