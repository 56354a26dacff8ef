"""A trained model trained further, as a user types it: what it knew stays, and what it lost is told."""

import json

import numpy as np
import pytest
from conftest import TAGGER_NAMES, save_tagger, write_sentences
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import f1_score
from transformers import AutoConfig

import run_ner
from token_classification.data.labels import LabelSet
from token_classification.data.schemes import Scheme, name_type
from token_classification.data.sentences import Sentences
from token_classification.distillation.partial_gold import free_outside
from token_classification.errors import UserError
from token_classification.inference.engine import open_engine

OLD_NAMES = ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
NEW = [("Anna drinks tea in Paris", "O O B-DRINK O O"), ("tea and tea from Boston", "B-DRINK O B-DRINK O O")]
OLD = [("Anna lives in Paris", "B-PER O O B-LOC"), ("Boston saw Bob", "B-LOC O B-PER")]


@pytest.fixture
def old_model(tmp_path, wordpiece):
    return save_tagger(tmp_path / "old", wordpiece, OLD_NAMES)


@pytest.fixture
def argv(tmp_path, old_model):
    flags = {
        "--model_name_or_path": old_model,
        "--train_file": write_sentences(tmp_path / "new.conll", NEW),
        "--output_dir": tmp_path / "out",
        "--max_steps": 3,
        "--report": "false",
    }
    return [*(str(part) for pair in flags.items() for part in pair), "--do_train", "--use_cpu"]


@pytest.fixture
def old_file(tmp_path):
    return str(write_sentences(tmp_path / "old.conll", OLD))


def read_labels(folder):
    return {*AutoConfig.from_pretrained(folder).id2label.values()}


def list_tags(folder, texts):
    return open_engine(folder, decoder="viterbi").evaluate(Sentences(texts)).tags


def score_old(folder):
    """The F1 on OLD, by seqeval, of what is no drink."""
    found = list_tags(folder, [words.split() for words, _ in OLD])
    gold = [tags.split() for _, tags in OLD]
    return f1_score(gold, [["O" if tag == "B-DRINK" else tag for tag in row] for row in found])


def test_without_old_data_the_old_labels_go(argv, tmp_path):
    assert run_ner.main(argv) == 0
    assert read_labels(tmp_path / "out") == {"O", "B-DRINK"}


@pytest.mark.parametrize("flag", ["--replay_file", "--old_test_file", "--teacher"])
def test_old_labels_stay_beside_new_ones(argv, old_file, old_model, tmp_path, flag):
    assert run_ner.main([*argv, flag, str(old_model) if flag == "--teacher" else old_file]) == 0
    assert read_labels(tmp_path / "out") == {*OLD_NAMES, "B-DRINK"}


def test_replayed_sentences_are_learnt_and_their_share_is_said(argv, old_file, tmp_path, caplog):
    with caplog.at_level("INFO"):
        assert run_ner.main([*argv, "--replay_file", old_file]) == 0
    assert "2 old sentences beside 2 new ones (50 % of the training)" in caplog.text
    assert json.loads((tmp_path / "out" / "train_results.json").read_text())["train_samples"] == 4
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["data"]["replay"]["sentences"] == 2


def test_scores_before_and_after_are_printed_and_kept(argv, old_file, old_model, tmp_path, capsys):
    assert run_ner.main([*argv, "--old_test_file", old_file]) == 0
    printed = capsys.readouterr().out
    table = printed[printed.index("Old test set") :].split("\n\n")[0]
    assert [line.split()[0] for line in table.splitlines()[1:5]] == ["F1", "LOC", "PER", "all"]
    assert "DRINK" in table.splitlines()[-1]
    record = json.loads((tmp_path / "out" / "old_test.json").read_text())
    assert record["before"] == str(old_model)
    assert record["not_counted"] == ["DRINK"]
    assert record["types"].keys() == {"LOC", "PER"}
    for folder, side in (("before", "a"), ("after", "b")):
        assert record["micro_f1"][side] == pytest.approx(score_old(record[folder]))


def test_old_tests_need_a_trained_model(argv, old_file, bert_folder):
    place = argv.index("--model_name_or_path") + 1
    argv[place] = str(bert_folder)
    with pytest.raises(UserError, match="knows no labels yet"):
        run_ner.main([*argv, "--old_test_file", old_file])


def test_old_data_belong_to_a_training(argv, old_file, tmp_path):
    argv.remove("--do_train")
    flags = ["--do_eval", "--validation_file", old_file, "--replay_file", old_file]
    with pytest.raises(UserError, match="belong to a training"):
        run_ner.main([*argv, *flags])


def test_schemes_must_agree(argv, old_file, tmp_path):
    whole = write_sentences(tmp_path / "iobes.conll", [("Anna drinks tea", "O O S-DRINK")])
    argv[argv.index("--train_file") + 1] = str(whole)
    with pytest.raises(UserError, match=r"iobes.*iob2.*--repair"):
        run_ner.main([*argv, "--teacher", argv[argv.index("--model_name_or_path") + 1]])


def test_the_teacher_speaks_where_the_new_file_says_nothing(argv, old_model, tmp_path, caplog):
    with caplog.at_level("INFO"):
        assert run_ner.main([*argv, "--teacher", str(old_model)]) == 0
    assert "at 7 words with O they speak alone" in caplog.text


LABELS = LabelSet(("O", "B-A", "I-A", "B-B", "I-B", "B-NEW", "I-NEW"), Scheme.IOB2)
KNOWS = np.array(["NEW" not in name for name in LABELS.names])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_old_entities_survive_an_o_that_does_not_speak_of_them(data):
    """What an `O` becomes: the teacher's order among what the file leaves open, nothing on what it rules out."""
    size = data.draw(st.integers(1, 6))
    gold = np.array(data.draw(st.lists(st.integers(-1, 6), min_size=size, max_size=size)))
    gold[gold < 0] = -100
    logits = np.array(
        data.draw(st.lists(st.lists(st.floats(-9, 9), min_size=7, max_size=7), min_size=size, max_size=size))
    )
    asked = np.where(KNOWS, np.exp(logits), 0)
    asked = (asked / asked.sum(axis=-1, keepdims=True)).astype(np.float16)
    answers = asked.copy()
    freed = free_outside(answers, gold, LABELS, KNOWS, slice(0, size))
    annotated = {name_type(LABELS.names[label]) for label in gold if label > 0}
    is_open = np.array([name == "O" or name_type(name) not in annotated for name in LABELS.names])
    if {"A", "B"} <= annotated:
        assert not freed.any()
    else:
        assert freed.tolist() == (gold == 0).tolist()
    assert answers[~freed].tolist() == asked[~freed].tolist()
    assert not answers[freed][:, ~is_open].any()
    assert answers[freed].sum(axis=-1) == pytest.approx(1, abs=5e-3)
    for before, after in zip(asked[freed], answers[freed], strict=True):
        best = LABELS.names[int(before.argmax())]
        if best != "O" and name_type(best) not in annotated:
            assert after[before.argmax()] == pytest.approx(after.max(), abs=1e-3)


def test_teachers_that_disagree_about_the_labels_are_refused(argv, old_model, tmp_path, wordpiece):
    other = save_tagger(tmp_path / "other", wordpiece, TAGGER_NAMES[:3])
    with pytest.raises(UserError, match="only some of them know B-LOC, I-LOC"):
        run_ner.main([*argv, "--teacher", str(old_model), str(other)])


def test_a_student_goes_on_tagging_what_its_teacher_knows(argv, old_model, tmp_path):
    argv[argv.index("--max_steps") + 1] = "40"
    argv += ["--learning_rate", "1e-3"]
    texts = [words.split() for words, _ in NEW]
    old = np.concatenate(list_tags(old_model, texts))
    is_old = (old != "O") & (np.concatenate([tags.split() for _, tags in NEW]) == "O")
    assert is_old.any()
    kept = {}
    for name, flags in {"alone": [], "taught": ["--teacher", str(old_model)]}.items():
        out = tmp_path / name
        argv[argv.index("--output_dir") + 1] = str(out)
        assert run_ner.main([*argv, *flags]) == 0
        kept[name] = (np.concatenate(list_tags(out, texts)) == old)[is_old].mean()
    assert kept["alone"] == 0
    assert kept["taught"] > 0.5


def test_each_of_several_seeds_is_compared(argv, old_file, tmp_path):
    flags = ["--seeds", "1", "2", "--do_eval", "--validation_file", old_file, "--old_test_file", old_file]
    assert run_ner.main([*argv, "--replay_file", old_file, *flags]) == 0
    records = [tmp_path / "out" / f"seed-{seed}" / "old_test.json" for seed in (1, 2)]
    assert all(json.loads(record.read_text())["types"].keys() == {"LOC", "PER"} for record in records)
