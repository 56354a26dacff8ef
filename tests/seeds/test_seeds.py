"""A run with several seeds: what it trains, keeps and tells, and how it goes on after a kill."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, SENTENCES, save_tagger, write_sentences
from safetensors.torch import load_file

import run_ner
from token_classification import story
from token_classification.api import fine_tune
from token_classification.exit_codes import run_command
from token_classification.inference.engine import Engine, open_engine

QUIET = ["--use_cpu", "--disable_tqdm", "true"]
SEEDS = (3, 1, 2)


@pytest.fixture(scope="module")
def flags(tmp_path_factory, bert_folder) -> list:
    """What all runs here have in common: a short training that learns a little."""
    folder = tmp_path_factory.mktemp("data")
    train, dev = write_sentences(folder / "train.conll"), write_sentences(folder / "dev.conll", SENTENCES[:5])
    files = ["--train_file", train, "--validation_file", dev, "--test_file", train]
    steps = ["--do_train", "--do_eval", "--do_predict", "--max_steps", 12, "--learning_rate", 4e-3]
    return ["--model_name_or_path", bert_folder, *files, *steps, *QUIET]


def run(*arguments: object) -> int:
    return run_command(run_ner.main, list(map(str, arguments)))


def read_json(path: Path) -> dict:
    return json.loads(path.read_text())


def read_weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def finished(flags, tmp_path_factory) -> Path:
    """The output folder of a run with three seeds."""
    folder = tmp_path_factory.mktemp("runs") / "ner-model"
    assert run(*flags, "--output_dir", folder, "--seeds", *SEEDS) == 0
    return folder


def test_each_training_is_that_of_its_seed_alone(finished, flags, tmp_path):
    assert run(*flags, "--output_dir", tmp_path / "alone", "--seed", 2) == 0
    assert read_weights(finished / "seed-2") == read_weights(tmp_path / "alone")
    alone, together = (read_json(folder / "all_results.json") for folder in (tmp_path / "alone", finished / "seed-2"))
    assert together["predict_f1"] == alone["predict_f1"]
    assert read_json(finished / "seed-2" / "run.json")["seed"] == 2


def test_the_best_by_validation_is_kept_with_its_scores_report_and_card(finished):
    scores = {seed: read_json(finished / f"seed-{seed}" / "all_results.json") for seed in SEEDS}
    assert len({row["eval_f1"] for row in scores.values()}) > 1
    best = max(SEEDS, key=lambda seed: scores[seed]["eval_f1"])
    assert read_weights(finished) == read_weights(finished / f"seed-{best}")
    results = read_json(finished / "all_results.json")
    for name in ("eval_f1", "predict_f1", "predict_precision"):
        assert results[name] == pytest.approx(scores[best][name])
    assert (finished / "report" / "report.html").is_file()
    assert read_json(finished / "run.json")["seed"] == best
    assert open_engine(finished).decoder_name == "viterbi"
    card = (finished / "README.md").read_text()
    assert card.count("# ner-model\n") == 1
    assert f"Model: that of seed {best}, whose eval_f1 is the best" in card


def test_mean_deviation_and_interval_are_written(finished):
    record = read_json(finished / "seeds.json")
    assert set(record["seeds"]) == {"1", "2", "3"}
    values = [read_json(finished / f"seed-{seed}" / "all_results.json")["predict_f1"] for seed in SEEDS]
    spread = record["summary"]["predict_f1"]
    assert (spread["mean"], spread["deviation"]) == pytest.approx((np.mean(values), np.std(values, ddof=1)))
    # Student's 97.5 % point for two degrees of freedom.
    margin = 4.302652729911275 * np.std(values, ddof=1) / 3**0.5
    assert (spread["low"], spread["high"]) == pytest.approx((np.mean(values) - margin, np.mean(values) + margin))
    table = (finished / "seeds.txt").read_text()
    assert "seed 3" in table.splitlines()[0]
    [row] = [line for line in table.splitlines() if line.startswith("test F1 ")]
    assert row.split()[2:4] == [f"{100 * np.mean(values):.2f}", f"{100 * np.std(values, ddof=1):.2f}"]


def test_a_killed_run_goes_on_and_finished_seeds_are_not_trained_again(flags, tmp_path, monkeypatch, caplog):
    trained, walk = [], story.walk

    def die_at_the_second(arguments, **options):
        if arguments.training.do_train:
            trained.append(arguments.training.seed)
            if trained == [3, 1]:
                raise KeyboardInterrupt
        return walk(arguments, **options)

    monkeypatch.setattr(story, "walk", die_at_the_second)
    command = [*flags, "--output_dir", tmp_path / "out", "--seeds", *SEEDS]
    assert run(*command) == 130
    first = (tmp_path / "out" / "seed-3" / "model.safetensors").stat().st_mtime_ns
    trained.append("again")
    assert run(*command) == 0
    assert trained == [3, 1, "again", 1, 2]
    assert (tmp_path / "out" / "seed-3" / "model.safetensors").stat().st_mtime_ns == first
    assert "seed 3, is finished already" in caplog.text
    # More seeds: only the new one is trained, and a folder that is gone.
    shutil.rmtree(tmp_path / "out" / "seed-2")
    trained.clear()
    assert run(*command, 9) == 0
    assert trained == [2, 9]
    assert set(read_json(tmp_path / "out" / "seeds.json")["seeds"]) == {"1", "2", "3", "9"}


def test_a_seed_that_was_killed_goes_on_from_its_checkpoint(flags, tmp_path, monkeypatch, caplog):
    command = [*flags, "--output_dir", tmp_path / "out", "--seeds", 2, "--save_steps", 5, "--seed", 1]
    save = story.add_scores

    def die(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(story, "add_scores", die)
    assert run(*command) == 130
    monkeypatch.setattr(story, "add_scores", save)
    caplog.clear()
    assert run(*command) == 0
    assert f"Continuing from {tmp_path / 'out' / 'seed-1' / 'checkpoint-12'}" in caplog.text
    assert run(*flags, "--output_dir", tmp_path / "alone", "--seed", 1) == 0
    assert read_weights(tmp_path / "out" / "seed-1") == read_weights(tmp_path / "alone")


def test_the_average_of_trainings_that_began_alike(flags, tmp_path):
    assert run(*flags, "--output_dir", tmp_path / "out", "--seeds", 2, "--keep_model", "average") == 0
    weights = [load_file(tmp_path / "out" / name / "model.safetensors") for name in ("seed-42", "seed-43", ".")]
    first, second, mean = (one["classifier.weight"] for one in weights)
    assert not np.allclose(first, second)
    assert np.allclose(mean, (first + second) / 2, atol=1e-6)
    runs = [read_json(tmp_path / "out" / f"seed-{seed}" / "run.json") for seed in (42, 43)]
    assert [(run["seed"], run["training_arguments"]["data_seed"]) for run in runs] == [(42, 42), (42, 43)]
    assert "predict_f1" in read_json(tmp_path / "out" / "all_results.json")
    assert not (tmp_path / "out" / "average").exists()


def test_other_settings_are_refused_with_what_differs(finished, flags, capsys):
    assert run(*flags, "--output_dir", finished, "--seeds", *SEEDS, "--learning_rate", 1e-3) == 2
    message = capsys.readouterr().err
    assert "learning_rate is 0.001, and 0.004 there" in message
    assert "--overwrite_output_dir to start over" in message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--do_eval", "false"], "--do_eval is not given; accepted: --do_eval with"),
        (["--do_train", "false"], "--do_train is not given"),
        (["--resume_from_checkpoint", "runs/checkpoint-5"], "each training goes on from the last checkpoint"),
        (["--push_to_hub"], "push the model that is kept afterwards: hf upload NAME"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_trained(flags, tmp_path, capsys, change, message):
    assert run(*flags, "--output_dir", tmp_path / "out", "--seeds", 2, *change) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_teachers_are_asked_once_for_all_seeds(flags, tmp_path, wordpiece, monkeypatch):
    labels = ("O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER")
    texts = tmp_path / "texts.txt"
    texts.write_text("Anna met Bob in Rome\n")
    taught = ["--teacher", save_tagger(tmp_path / "teacher", wordpiece, labels), "--unlabelled_file", texts]
    asked, weigh = [], Engine.weigh_labels
    monkeypatch.setattr(
        Engine, "weigh_labels", lambda self, tokens, **how: asked.append(len(tokens)) or weigh(self, tokens, **how)
    )
    command = [*flags, *taught, "--output_dir", tmp_path / "out", "--seeds", 1, 2]
    assert run(*command) == 0
    # The trial whether a teacher runs in bf16 has one sentence.
    assert [count for count in asked if count > 1] == [len(SENTENCES) + 1]
    assert not [*(tmp_path / "out").glob("seed-*/_teacher_outputs")]
    texts.write_text("Anna met Bob in Oslo\n")
    assert run(*command) == 2


def test_all_processes_look_before_the_first_one_writes(flags, tmp_path, monkeypatch):
    order = []
    for name in ("open_record", "begin_record"):
        own = getattr(story, name)
        monkeypatch.setattr(story, name, lambda *given, name=name, own=own: order.append(name) or own(*given))
    monkeypatch.setattr(story.PartialState, "wait_for_everyone", lambda self: order.append("wait"))
    assert run(*flags, "--output_dir", tmp_path / "out", "--seeds", 1, 2) == 0
    assert order[:3] == ["open_record", "wait", "begin_record"]


@pytest.mark.slow
def test_two_processes_train_each_seed_together(flags, tmp_path, wordpiece):
    labels = ("O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER")
    taught = ["--teacher", save_tagger(tmp_path / "teacher", wordpiece, labels), "--hint_weight", 1]
    command = [*flags, *taught, "--mixed_precision", "no", "--seeds", 1, 2, "--per_device_train_batch_size"]
    assert run(*command, 8, "--output_dir", tmp_path / "one") == 0
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", 2]
    launched = [*launcher, ROOT / "run_ner.py", *command, 4, "--output_dir", tmp_path / "two"]
    done = subprocess.run([*map(str, launched)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    for seed in (1, 2):
        one, two = (load_file(tmp_path / name / f"seed-{seed}" / "model.safetensors") for name in ("one", "two"))
        assert all(np.allclose(one[name], two[name], atol=1e-3) for name in one)
    assert read_json(tmp_path / "two" / "seeds.json")["seeds"].keys() == {"1", "2"}


def test_a_folder_of_something_else_is_left_alone(flags, tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    assert run(*flags, "--output_dir", tmp_path, "--seeds", 2) == 2
    assert "already holds files, and no seeds.json" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_from_python(bert_folder, tmp_path):
    rows = [{"tokens": words.split(), "tags": tags.split()} for words, tags in SENTENCES]
    done = fine_tune(
        bert_folder, train=rows, validation=rows, output_dir=tmp_path / "out", seeds=[1, 2], max_steps=2, use_cpu=True
    )
    assert done.scores["validation"]["f1"] == read_json(tmp_path / "out" / "all_results.json")["eval_f1"]
    assert set(read_json(tmp_path / "out" / "seeds.json")["summary"]) >= {"eval_f1", "eval_loss"}
