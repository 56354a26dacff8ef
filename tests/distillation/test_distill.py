"""A training with teachers, as a user types it: never on text that it is scored on, and it goes on after a kill."""

import json

import pytest
import torch
from conftest import SENTENCES, save_tagger, write_sentences
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from token_classification import cli
from token_classification.data.sentences import Sentences
from token_classification.distillation.held_out import HeldOut
from token_classification.distillation.unlabelled import read_unlabelled
from token_classification.errors import UserError

NAMES = ("O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER")


@pytest.fixture
def teacher(tmp_path, wordpiece):
    return save_tagger(tmp_path / "teacher", wordpiece, NAMES)


@pytest.fixture
def files(tmp_path):
    train = write_sentences(tmp_path / "train.conll", SENTENCES[:6])
    test = write_sentences(tmp_path / "test.conll", SENTENCES[6:])
    texts = [
        "John Smith moved to Boston in May 2021",
        "She MOVED to Paris, in May!",
        "a man from Boston asked Anna",
        "",
    ]
    (tmp_path / "texts.txt").write_text("\n".join([*texts, texts[0]]) + "\n")
    return {"--train_file": train, "--test_file": test, "--unlabelled_file": tmp_path / "texts.txt"}


def test_a_student_learns_and_is_scored(files, teacher, bert_folder, tmp_path, caplog):
    flags = [str(part) for pair in files.items() for part in pair]
    flags += ["--student", str(bert_folder), "--teacher", str(teacher), "-r", str(tmp_path / "out")]
    with caplog.at_level("INFO"):
        assert cli.run(["distill", *flags, "--num_train_epochs", "1"]) == 0
    assert "2 are in the validation or test split" in caplog.text
    assert "6 sentences with tags and 1 without" in caplog.text
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert str(teacher) in json.dumps(record)
    assert (tmp_path / "out" / "predict_results.json").is_file()
    assert [*(tmp_path / "out" / "_teacher_outputs").glob("*.arrow")]


def test_the_average_of_several_students_is_kept(files, teacher, bert_folder, tmp_path):
    flags = [str(part) for pair in files.items() for part in pair]
    flags += ["--student", str(bert_folder), "--teacher", str(teacher), "-r", str(tmp_path / "out")]
    flags += ["--num_train_epochs", "1", "--seeds", "2", "--keep_model", "average"]
    assert cli.run(["distill", *flags]) == 0
    of_seeds = [load_file(tmp_path / "out" / f"seed-{seed}" / "model.safetensors") for seed in (42, 43)]
    kept = load_file(tmp_path / "out" / "model.safetensors")
    assert all(torch.allclose(kept[name], (one + of_seeds[1][name]) / 2) for name, one in of_seeds[0].items())
    assert (tmp_path / "out" / "predict_results.json").is_file()


def test_teachers_are_asked_about_perturbed_copies_too(files, teacher, bert_folder, tmp_path, caplog):
    import run_ner

    argv = ["--model_name_or_path", bert_folder, "--train_file", files["--train_file"], "--teacher", teacher]
    argv += ["--output_dir", tmp_path / "out", "--do_train", "--max_steps", 1, "--use_cpu", "--augment", "case"]
    with caplog.at_level("INFO"):
        assert run_ner.main([*map(str, argv)]) == 0
    learnt = json.loads((tmp_path / "out" / "train_results.json").read_text())["train_samples"]
    assert learnt > 6
    assert f"{learnt} sentences with tags and 0 without" in caplog.text


def test_texts_that_are_scored_are_left_out(tmp_path):
    (tmp_path / "texts.txt").write_text("Where is Globex?\nwhere IS globex !!\nWhere is Acme ?\nWhere is Acme\n")
    held_out = Sentences([["Where", "is", "Globex", "?"]])
    assert read_unlabelled([str(tmp_path / "texts.txt")], "punctuation", [held_out]) == [["Where", "is", "Acme", "?"]]


TWEET = "anna was seen with bob at the new stadium in berlin yesterday"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (TWEET.upper() + " !!", "same"),
        (f"RT @carl : {TWEET} https://t.co/x", "near"),
        ("... with bob at the new stadium in berlin", "near"),
        ("anna was seen with bob at the new stadium in paris yesterday", "near"),
        ("anna was seen with carl at the old stadium in berlin yesterday", None),
        ("at the new stadium", None),
        ("", None),
    ],
)
def test_texts_that_are_nearly_scored_are_found(text, found):
    held_out = HeldOut([Sentences([["Thank", "you", "!"]]), Sentences([TWEET.split()])])
    assert held_out.find(text.split()) == found


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from("abcdefghijkl"), max_size=12), max_size=6),
    st.lists(st.sampled_from("abcdefghijkl"), max_size=12),
)
def test_near_is_what_comparing_all_pairs_says(measured, text):
    """Against the definition, one pair after the other."""

    def list_runs(words):
        return {tuple(words[start : start + 3]) for start in range(len(words) - 2)} if len(words) >= 5 else set()

    runs = list_runs(text)
    pairs = [(runs & list_runs(words), min(len(runs), len(list_runs(words)))) for words in measured]
    near = any(shared and len(shared) >= 0.8 * size for shared, size in pairs)
    same = "".join(text) in map("".join, measured)
    assert HeldOut([Sentences(measured)]).find(text) == ("same" if same else "near" if near else None)


def test_what_is_nearly_scored_is_left_out_and_counted(tmp_path, caplog):
    (tmp_path / "texts.txt").write_text(f"RT @carl : {TWEET}\nWhere is Acme ?\n{TWEET}\n")
    with caplog.at_level("INFO"):
        texts = read_unlabelled([str(tmp_path / "texts.txt")], "whitespace", [Sentences([TWEET.split()])])
    assert texts == [["Where", "is", "Acme", "?"]]
    assert "1 texts to learn from teachers; 1 are in the validation or test split and 1 nearly" in caplog.text


def test_a_record_that_cannot_be_read_is_named(tmp_path, caplog):
    (tmp_path / "texts.jsonl").write_text('{"text": "Anna left"}\n{"text": 5}\n')
    assert read_unlabelled([str(tmp_path / "texts.jsonl")], "punctuation", []) == [["Anna", "left"]]
    assert "texts.jsonl:2" in caplog.text


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--class_weights", "balanced"], "--class_weights"),
        (["--distillation_alpha", "1.5"], "--distillation_alpha must be 0 to 1"),
        (["--distillation_temperature", "0"], "--distillation_temperature must be above 0"),
    ],
)
def test_what_does_not_go_together_is_refused(files, teacher, bert_folder, tmp_path, flags, expected):
    import run_ner

    argv = ["--model_name_or_path", bert_folder, "--train_file", files["--train_file"], "--teacher", teacher]
    argv += ["--output_dir", tmp_path / "out", "--do_train", *flags]
    with pytest.raises(UserError, match=expected):
        run_ner.main([*map(str, argv)])


def test_texts_need_a_teacher(files, bert_folder, tmp_path):
    import run_ner

    argv = ["--model_name_or_path", bert_folder, *(part for pair in files.items() for part in pair)]
    with pytest.raises(UserError, match="--teacher MODEL"):
        run_ner.main([*map(str, [*argv, "--output_dir", tmp_path / "out", "--do_train"])])


def test_a_training_goes_on_with_the_same_lessons_only(files, teacher, bert_folder, tmp_path):
    import run_ner

    argv = ["--model_name_or_path", bert_folder, "--train_file", files["--train_file"], "--teacher", teacher]
    argv += [
        "--output_dir",
        tmp_path / "out",
        "--do_train",
        "--save_steps",
        2,
        "--save_strategy",
        "steps",
        "--use_cpu",
    ]
    assert run_ner.main([*map(str, [*argv, "--max_steps", 2])]) == 0
    more = [*argv, "--max_steps", 4, "--resume_from_checkpoint", "true"]
    with pytest.raises(UserError, match="teacher"):
        run_ner.main([*map(str, [*more, "--distillation_alpha", 0.1])])
    assert run_ner.main([*map(str, more)]) == 0
