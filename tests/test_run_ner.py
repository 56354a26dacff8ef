"""The main job as a user runs it, on tiny models: what it learns, leaves behind, and says when it can't."""

import json
import logging
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, SENTENCES, write_sentences
from forked_runs import ForkedRun, name_ranks, run_script
from hub_stand_in import serve_hub
from opened_files import count_opened
from seqeval.metrics import f1_score
from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

import run_ner
from token_classification.data.formats import read_sentences
from token_classification.data.results_folder import MARKER
from token_classification.exit_codes import run_command

LEARN_BY_HEART = ["--num_train_epochs", "40", "--learning_rate", "5e-3", "--per_device_train_batch_size", "4"]
QUIET = ["--use_cpu", "--disable_tqdm", "true"]
FILES = {
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "README.md",
    "all_results.json",
    "train_results.json",
    "eval_results.json",
    "predict_results.json",
    "trainer_state.json",
    "predictions.txt",
    "predictions.conll",
    "run.json",
}


def run(*arguments: object) -> int:
    """Run run_ner.py in this process; gives its exit code."""
    return run_command(run_ner.main, [*map(str, arguments), *QUIET])


def read_results(folder: Path, name: str = "all") -> dict:
    return json.loads((folder / f"{name}_results.json").read_text())


@pytest.fixture(scope="module")
def trained(tmp_path_factory, bert_folder) -> Path:
    """The output folder of a run that learnt eight sentences by heart, evaluated and predicted on them."""
    folder = tmp_path_factory.mktemp("trained")
    file = write_sentences(folder / "eight.conll")
    files = ["--train_file", file, "--validation_file", file, "--test_file", file]
    output = folder / "model"
    steps = ["--do_train", "--do_eval", "--do_predict", "--return_entity_level_metrics", "--logging_steps", "20"]
    assert run("--model_name_or_path", bert_folder, *files, "--output_dir", output, *steps, *LEARN_BY_HEART) == 0
    return output


def test_learns_eight_sentences_by_heart(trained):
    results = read_results(trained)
    for name in ("f1", "precision", "recall", "accuracy", "strict_f1", "macro_f1", "PER_f1", "overall_f1"):
        assert results[f"eval_{name}"] == results[f"predict_{name}"] == 1.0
    assert results["eval_samples"] == results["train_samples"] == 8
    assert results["eval_words"] == sum(len(words.split()) for words, _ in SENTENCES)
    assert results["eval_loss"] < 0.1
    assert results["eval_PER_number"] == 4


REPORT = {
    "report.html",
    "report.json",
    "report.txt",
    "predictions.conll",
    "confusion_matrix.png",
    "training_curve.png",
}


def test_reports_on_each_scored_split(trained):
    assert {path.name for path in (trained / "report").iterdir()} == REPORT | {"validation", MARKER}
    assert {path.name for path in (trained / "report" / "validation").iterdir()} == REPORT | {MARKER}
    for folder, split in ((trained / "report", "test"), (trained / "report" / "validation", "validation")):
        record = json.loads((folder / "report.json").read_text())
        assert (record["split"], record["model"], record["micro"]["f1"]["value"]) == (split, "model", 1.0)
        assert list(record["slices"][1]["groups"]) == ["seen with this type"]
        assert record["training"]["losses"]


def test_without_a_report(trained, conll_file, tmp_path):
    steps = ["--do_eval", "--validation_file", conll_file, "--report", "false"]
    assert run("--model_name_or_path", trained, "--output_dir", tmp_path / "out", *steps) == 0
    assert not (tmp_path / "out" / "report").exists()
    assert not (tmp_path / "out" / "README.md").exists()


def test_training_data_without_tags_are_no_hindrance(trained, conll_file, tmp_path):
    untagged = write_sentences(tmp_path / "untagged.conll", with_tags=False)
    files = ["--train_file", untagged, "--test_file", conll_file]
    with count_opened() as opened:
        assert run("--model_name_or_path", trained, "--output_dir", tmp_path / "out", *files, "--do_predict") == 0
    assert opened[str(untagged)] == opened[str(conll_file)] == 1
    record = json.loads((tmp_path / "out" / "report" / "report.json").read_text())
    assert record["slices"][1]["name"] == "sentence length"


def test_leaves_the_promised_files(trained):
    assert {path.name for path in trained.iterdir()} >= FILES
    assert "NaN" not in (trained / "all_results.json").read_text()
    record = json.loads((trained / "run.json").read_text())
    assert record["tag_scheme"] == "iob2"
    assert record["data"]["train"]["words"] == 55


def test_predictions_hold_every_word_in_order(trained):
    read = read_sentences(trained / "predictions.conll", "0", "1")
    predicted = read_sentences(trained / "predictions.conll").tags
    assert [" ".join(words) for words in read.tokens] == [words for words, _ in SENTENCES]
    assert [" ".join(tags) for tags in read.tags] == [tags for _, tags in SENTENCES]
    assert f1_score(read.tags, predicted) == read_results(trained)["predict_f1"]
    assert (trained / "predictions.txt").read_text() == "".join(" ".join(tags) + "\n" for tags in predicted)


def test_the_model_loads_elsewhere(trained):
    tagger = pipeline("token-classification", model=str(trained), aggregation_strategy="first")
    found = tagger("he went to London on Wednesday .")
    assert [(entity["entity_group"], entity["word"]) for entity in found] == [("LOC", "london")]


@pytest.mark.parametrize("with_tags", [True, False])
def test_predicting_needs_no_other_split_and_no_tags(trained, tmp_path, with_tags):
    test_file = write_sentences(tmp_path / "test.txt", with_tags=with_tags)
    assert (
        run("--model_name_or_path", trained, "--test_file", test_file, "--output_dir", tmp_path, "--do_predict") == 0
    )
    rows = (tmp_path / "predictions.conll").read_text().splitlines()
    expected = [
        "\t".join([word, tag, tag] if with_tags else [word, tag])
        for words, tags in SENTENCES
        for word, tag in zip(words.split(), tags.split(), strict=True)
    ]
    assert [row for row in rows if row] == expected
    assert ("predict_f1" in read_results(tmp_path)) is with_tags


def test_evaluating_needs_no_other_split(trained, tmp_path):
    file = write_sentences(tmp_path / "dev.conll", SENTENCES[:3])
    assert run("--model_name_or_path", trained, "--validation_file", file, "--output_dir", tmp_path, "--do_eval") == 0
    assert read_results(tmp_path)["eval_f1"] == 1.0


@pytest.mark.parametrize("batch_size", [1, 7, 64])
@pytest.mark.parametrize("strategy", ["random", "sequential", "group_by_length"])
def test_predictions_are_the_same_bytes_whatever_the_batches(trained, tmp_path, batch_size, strategy):
    long = (" ".join(words for words, _ in SENTENCES), " ".join(tags for _, tags in SENTENCES))
    test_file = write_sentences(tmp_path / "test.conll", [*SENTENCES[3:], long, *SENTENCES[:3]])
    options = ["--per_device_eval_batch_size", batch_size, "--train_sampling_strategy", strategy]
    common = ["--model_name_or_path", trained, "--test_file", test_file, "--do_predict", "--max_seq_length", 24]
    assert run(*common, *options, "--output_dir", tmp_path / "new") == 0
    assert run(*common, "--output_dir", tmp_path / "usual") == 0
    new, usual = ((tmp_path / name / "predictions.conll").read_bytes() for name in ("new", "usual"))
    assert new == usual
    assert read_results(tmp_path / "new")["predict_words_windowed"] == 87


def test_viterbi_says_how_much_it_repaired(trained, tmp_path):
    file = write_sentences(tmp_path / "dev.conll")
    common = ["--model_name_or_path", trained, "--validation_file", file, "--do_eval", "--decoder", "viterbi"]
    assert run(*common, "--output_dir", tmp_path / "out") == 0
    results = read_results(tmp_path / "out")
    assert results["eval_illegal_sequences_repaired"] == 0
    assert results["eval_f1"] == 1.0


def test_the_best_model_is_kept_and_training_stops_early(bert_folder, conll_file, tmp_path):
    files = ["--train_file", conll_file, "--validation_file", conll_file]
    options = ["--do_train", "--do_eval", "--early_stopping_patience", 2, "--num_train_epochs", 30]
    output = tmp_path / "model"
    settings = ["--learning_rate", "1e-7", "--seed", 3]
    assert run("--model_name_or_path", bert_folder, *files, *options, *settings, "--output_dir", output) == 0
    state = json.loads((output / "trainer_state.json").read_text())
    assert state["epoch"] < 30
    best = max(entry["eval_f1"] for entry in state["log_history"] if "eval_f1" in entry)
    assert state["best_metric"] == best == read_results(output)["eval_f1"]


def test_a_model_with_other_labels_keeps_the_rows_it_shares(trained, tmp_path):
    sentences = [(words, tags.replace("-LOC", "-GPE")) for words, tags in SENTENCES]
    file = write_sentences(tmp_path / "gpe.conll", sentences)
    options = ["--do_train", "--max_steps", 1, "--learning_rate", 0, "--output_dir", tmp_path / "model"]
    assert run("--model_name_or_path", trained, "--train_file", file, *options) == 0
    old = AutoModelForTokenClassification.from_pretrained(trained)
    new = AutoModelForTokenClassification.from_pretrained(tmp_path / "model")
    for name in ("O", "B-PER", "I-PER", "B-ORG", "I-ORG"):
        kept = old.classifier.weight[old.config.label2id[name]]
        assert new.classifier.weight[new.config.label2id[name]].equal(kept)
    assert set(new.config.label2id) == {"O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-GPE", "I-GPE"}


def test_a_model_folder_is_no_checkpoint_and_an_output_folder_is_not_overwritten(trained, tmp_path, capsys):
    file = write_sentences(tmp_path / "eight.conll")
    common = ["--model_name_or_path", trained, "--train_file", file, "--do_train", "--max_steps", 2]
    assert run(*common, "--output_dir", trained) == 2
    assert "--overwrite_output_dir" in capsys.readouterr().err
    assert run(*common, "--output_dir", tmp_path / "new") == 0
    assert json.loads((tmp_path / "new" / "trainer_state.json").read_text())["global_step"] == 2


def test_an_unfinished_run_goes_on_from_its_checkpoint(bert_folder, conll_file, tmp_path):
    output = tmp_path / "model"
    common = ["--model_name_or_path", bert_folder, "--train_file", conll_file, "--do_train", "--output_dir", output]
    assert run(*common, "--max_steps", 2, "--save_steps", 2) == 0
    (output / "train_results.json").unlink()
    assert run(*common, "--max_steps", 4, "--save_steps", 2) == 0
    state = json.loads((output / "trainer_state.json").read_text())
    assert state["global_step"] == 4
    assert (output / "checkpoint-2").is_dir()


def test_old_recipes_still_run(bert_folder, conll_file, tmp_path, caplog):
    old = "--evaluation_strategy epoch --group_by_length --no_cuda --warmup_ratio 0.1 --save_safetensors True"
    old += f" --fp16_backend auto --per_gpu_train_batch_size 4 --logging_dir {tmp_path}/tb --overwrite_output_dir"
    files = ["--train_file", conll_file, "--validation_file", conll_file]
    options = ["--do_train", "--do_eval", "--num_train_epochs", 1, "--output_dir", tmp_path / "model"]
    assert run("--model_name_or_path", bert_folder, *files, *options, *old.split()) == 0
    notices = [
        record.message
        for record in caplog.records
        if record.name == "token_classification.story" and record.levelno == logging.WARNING
    ]
    assert len(notices) == 7


TENSORBOARD = ["--report_to", "tensorboard"]


def test_tensorboard_gets_the_scores(bert_folder, conll_file, tmp_path):
    files = ["--train_file", conll_file, "--validation_file", conll_file, "--output_dir", tmp_path / "model"]
    options = ["--do_train", "--max_steps", 2, "--eval_strategy", "steps", "--eval_steps", 1]
    assert (
        run("--model_name_or_path", bert_folder, *files, *options, *TENSORBOARD, "--logging_dir", tmp_path / "events")
        == 0
    )
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "events"))
    events.Reload()
    assert "eval/f1" in events.Tags()["scalars"]


def test_pos_tags_are_scored_by_themselves(bert_folder, tmp_path):
    row = "{}\t{}\t_\t{}\t_\t_\t_\t_\t_\t_"
    words = [("He", "PRON"), ("went", "VERB"), ("to", "ADP"), ("London", "PROPN")]
    lines = [row.format(place, word, tag) for place, (word, tag) in enumerate(words, start=1)]
    file = tmp_path / "train.conllu"
    file.write_text("# text = He went to London\n" + "\n".join(lines) + "\n\n")
    files = ["--train_file", file, "--validation_file", file, "--task_name", "pos"]
    options = ["--do_train", "--do_eval", "--return_entity_level_metrics", "--output_dir", tmp_path / "model"]
    assert run("--model_name_or_path", bert_folder, *files, *options, *LEARN_BY_HEART) == 0
    results = read_results(tmp_path / "model")
    assert results["eval_accuracy"] == results["eval_PROPN_f1"] == 1.0
    assert "eval_strict_f1" not in results


def test_a_tag_only_in_dev_counts_as_missed(bert_folder, conll_file, tmp_path, caplog):
    dev = write_sentences(tmp_path / "dev.conll", [("Anna won", "B-PER B-NEW")])
    files = ["--train_file", conll_file, "--validation_file", dev, "--output_dir", tmp_path / "model"]
    options = ["--do_train", "--do_eval", "--max_steps", 1, "--return_entity_level_metrics", "--logging_steps", "20"]
    assert run("--model_name_or_path", bert_folder, *files, *options) == 0
    assert "B-NEW (1 words)" in caplog.text
    results = read_results(tmp_path / "model")
    assert results["eval_NEW_number"] == 1
    assert results["eval_NEW_recall"] == 0.0


def test_a_config_file_with_flags_that_win(bert_folder, conll_file, tmp_path):
    config = {
        "model_name_or_path": str(bert_folder),
        "train_file": str(conll_file),
        "validation_split": 0.25,
        "do_train": True,
        "do_eval": True,
        "max_steps": 5,
        "output_dir": str(tmp_path / "model"),
        "label_all_tokens": True,
        "pad_to_max_length": True,
        "max_seq_length": 48,
    }
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(config))
    assert run(tmp_path / "run.yaml", "--max_steps", 2) == 0
    assert json.loads((tmp_path / "model" / "trainer_state.json").read_text())["global_step"] == 2
    results = read_results(tmp_path / "model")
    assert (results["train_samples"], results["eval_samples"]) == (6, 2)
    saved = json.loads((tmp_path / "model" / "config.json").read_text())
    assert (saved["tag_window"], saved["tag_decoder"]) == (48, "viterbi")


def test_byte_level_words_survive_saving(roberta_folder, conll_file, tmp_path):
    options = ["--do_train", "--max_steps", 1, "--output_dir", tmp_path / "model"]
    assert run("--model_name_or_path", roberta_folder, "--train_file", conll_file, *options) == 0
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    assert "Ġwent" in tokenizer(["he", "went"], is_split_into_words=True).tokens()


@pytest.mark.slow
def test_runs_with_sockets_blocked(bert_folder, conll_file, tmp_path):
    script = """
import socket, sys
def refuse(*arguments, **options):
    raise AssertionError("the network was touched")
socket.getaddrinfo = socket.create_connection = socket.socket.connect = refuse
from run_ner import run
sys.exit(run())
"""
    files = ["--train_file", conll_file, "--validation_file", conll_file, "--test_file", conll_file]
    options = ["--do_train", "--do_eval", "--do_predict", "--max_steps", "2", "--output_dir", tmp_path / "model"]
    arguments = ["--model_name_or_path", bert_folder, *files, *options, *QUIET]
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "model" / "predictions.conll").exists()


@pytest.mark.slow
def test_two_processes_score_and_write_as_one(trained, tmp_path):
    long = (" ".join(words for words, _ in SENTENCES), " ".join(tags for _, tags in SENTENCES))
    file = write_sentences(tmp_path / "seven.conll", [*SENTENCES[:6], long])
    common = ["--model_name_or_path", trained, "--validation_file", file, "--test_file", file]
    common += ["--do_eval", "--do_predict", "--max_seq_length", "24", "--decoder", "viterbi", *QUIET]
    call = partial(run_script, list(map(str, [*common, "--output_dir", tmp_path / "two"])))
    ranks = [ForkedRun(call, tmp_path / f"rank-{rank}", place) for rank, place in enumerate(name_ranks(2))]
    assert [problems for code, problems in (rank.finish() for rank in ranks) if code != 0] == []
    assert run(*common[:-2], "--output_dir", tmp_path / "one") == 0
    one, two = ((tmp_path / name / "predictions.conll").read_bytes() for name in ("one", "two"))
    assert one == two
    for name, value in read_results(tmp_path / "one").items():
        if "runtime" not in name and "per_second" not in name:
            assert read_results(tmp_path / "two")[name] == pytest.approx(value), name


@pytest.mark.slow
def test_a_script_data_set_is_read_from_the_parquet_branch(bert_folder, tmp_path):
    from datasets import ClassLabel, Dataset, Features, List, Value

    names = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
    features = Features({"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=names))})
    rows = {
        "tokens": [words.split() for words, _ in SENTENCES],
        "ner_tags": [[names.index(tag) for tag in tags.split()] for _, tags in SENTENCES],
    }
    parquet = {}
    for split in ("train", "validation", "test"):
        Dataset.from_dict(rows, features=features).to_parquet(tmp_path / "rows.parquet")
        parquet[f"conll2003/{split}/0000.parquet"] = (tmp_path / "rows.parquet").read_bytes()
    hub = {"eriktks/conll2003": {"main": {"conll2003.py": b"raise SystemExit"}, "refs/convert/parquet": parquet}}
    with serve_hub(hub, moved={"conll2003": "eriktks/conll2003"}) as server:
        environment = os.environ | {
            "HF_ENDPOINT": server.endpoint,
            "HF_HUB_OFFLINE": "0",
            "HF_HOME": str(tmp_path / "hf"),
        }
        arguments = ["--model_name_or_path", bert_folder, "--dataset_name", "conll2003", "--do_train", "--do_eval"]
        options = ["--do_predict", "--max_steps", "1", "--output_dir", tmp_path / "model", *QUIET]
        command = [sys.executable, ROOT / "run_ner.py", *arguments, *options]
        done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    labels = json.loads((tmp_path / "model" / "config.json").read_text())["id2label"]
    assert list(labels.values()) == names
