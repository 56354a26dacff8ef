"""`convert`: each format into each, every span accounted for, nothing half-written."""

import json
from itertools import chain, product
from pathlib import Path

import pytest
from conftest import SENTENCES, write_sentences
from span_documents import make_hostile_documents, require_packages

from token_classification import cli
from token_classification.data.convert import SOURCES, TARGETS, Choices, convert_files
from token_classification.data.formats import read_sentences
from token_classification.data.formats.recognise import recognise_format
from token_classification.data.formats.span_files import SPAN_WRITERS, read_documents
from token_classification.data.formats.tag_files import TAG_WRITERS
from token_classification.data.formats.text_and_labels import read_text_and_labels
from token_classification.data.formats.text_spans import write_text_spans
from token_classification.data.inputs import keep_inputs
from token_classification.exit_codes import run_command

RECORDS = [
    {"id": 1, "text": "Anna Smith left\nNew York.", "label": [[0, 10, "PER"], [16, 24, "LOC"]]},
    {"id": 2, "text": "Bob too", "label": [[0, 3, "PER"]]},
]
CUT = {"id": 3, "text": "the superman", "label": [[4, 9, "X"]]}
NESTED = {"id": 4, "text": "in New York", "label": [[3, 11, "LOC"], [7, 11, "NAME"]]}


def write(folder, *records, name="in.jsonl"):
    path = folder / name
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def convert(*words):
    return run_command(cli.run, ["convert", *map(str, words)])


def name_target(folder, target):
    return folder / ("text_out.txt" if target == "text_and_labels" else f"out-{target}")


def read(path, target):
    if target == "text_and_labels":
        return read_text_and_labels(path, path.with_name("labels_out.txt"))
    return read_sentences(path)


@pytest.mark.parametrize("target", TARGETS)
def test_annotations_become_every_format(tmp_path, target, capsys):
    require_packages(target)
    path = name_target(tmp_path, target)
    assert convert(write(tmp_path, *RECORDS), path, "--to", target) == 0
    sentences = read(path, target)
    assert sentences.tokens == [["Anna", "Smith", "left", "New", "York", "."], ["Bob", "too"]]
    assert sentences.tags == [["B-PER", "I-PER", "O", "B-LOC", "I-LOC", "O"], ["B-PER", "O"]]
    assert capsys.readouterr().out.startswith(f"{path}: 2 ")


def test_what_most_annotators_marked_is_written_and_the_rest_is_named(tmp_path, capsys, caplog):
    marked = [(0, 10, "ann"), (0, 10, "bob"), (16, 24, "ann")]
    spans = [{"start": start, "end": end, "label": "X", "user": user} for start, end, user in marked]
    source = write(tmp_path, {"id": 1, "text": RECORDS[0]["text"], "annotations": spans})
    assert convert(source, tmp_path / "out.jsonl", "--to", "jsonl", "--annotator", "majority") == 0
    assert read_sentences(tmp_path / "out.jsonl").tags == [["B-X", "I-X", "O", "O", "O", "O"]]
    assert "X 'New York' (characters 16 to 24): 1 of 2 annotators ('ann'), a tie" in caplog.text
    assert convert(source, tmp_path / "none.jsonl", "--to", "jsonl", "--annotator", "cho") == 2
    assert "no annotator 'cho'; accepted: 'ann', 'bob', or majority" in capsys.readouterr().err
    assert not (tmp_path / "none.jsonl").exists()


@pytest.mark.parametrize(("first", "second"), [*product(TARGETS, TARGETS)])
def test_words_and_tags_survive_every_pair_of_formats(tmp_path, first, second):
    require_packages(first, second)
    gold = read_sentences(write_sentences(tmp_path / "in.conll"))
    folders = [tmp_path / "first", tmp_path / "second"]
    paths = [name_target(folder, target) for folder, target in zip(folders, (first, second), strict=True)]
    for folder, source, path, target in zip(
        folders, (tmp_path / "in.conll", paths[0]), paths, (first, second), strict=True
    ):
        folder.mkdir()
        assert convert(source, path, "--to", target, "--words", "whitespace") == 0
    assert len(gold.tokens) == len(SENTENCES)
    found = read(paths[1], second)
    if first == "ontonotes" and second in SPAN_WRITERS:
        # Whose sentences are those of one document, and a document is one sentence.
        gold.tokens, gold.tags = ([[*chain.from_iterable(rows)]] for rows in (gold.tokens, gold.tags))
    assert (found.tokens, found.tags) == (gold.tokens, gold.tags)


def test_lines_are_sentences_where_asked_for_and_documents_stay_documents(tmp_path):
    source = write(tmp_path, *RECORDS)
    assert convert(source, tmp_path / "out.jsonl", "--to", "jsonl", "--sentences", "line") == 0
    sentences = read_sentences(tmp_path / "out.jsonl")
    assert sentences.tokens == [["Anna", "Smith", "left"], ["New", "York", "."], ["Bob", "too"]]
    assert sentences.doc_ids == ["1", "1", "2"]
    assert convert(tmp_path / "out.jsonl", tmp_path / "back.jsonl", "--to", "doccano") == 0
    assert [json.loads(line) for line in (tmp_path / "back.jsonl").read_text().splitlines()] == [
        {"id": "1", "text": "Anna Smith left\nNew York .", "label": [[0, 10, "PER"], [16, 24, "LOC"]]},
        {"id": "2", "text": "Bob too", "label": [[0, 3, "PER"]]},
    ]


def test_documents_begin_in_conll_where_they_did(tmp_path, caplog):
    assert convert(write(tmp_path, *RECORDS), tmp_path / "out.conll", "--to", "conll", "--sentences", "line") == 0
    assert read_sentences(tmp_path / "out.conll").doc_ids == ["0", "0", "1"]
    assert "the names of 2 documents are left out" in caplog.text


def test_conllu_keeps_the_names_of_documents_for_other_programs(tmp_path):
    assert convert(write(tmp_path, *RECORDS), tmp_path / "out.conllu", "--to", "conllu", "--sentences", "line") == 0
    lines = (tmp_path / "out.conllu").read_text().splitlines()
    assert lines[:3] == ["# global.columns = ID FORM NER", "# newdoc id = 1", "1\tAnna\tB-PER"]
    assert [line for line in lines if line.startswith("# newdoc")] == ["# newdoc id = 1", "# newdoc id = 2"]
    assert read_sentences(tmp_path / "out.conllu").doc_ids == ["0", "0", "1"]


def test_a_file_without_words_can_not_be_tagged(tmp_path, capsys):
    source = write(tmp_path, {"text": " ", "label": []})
    assert convert(source, tmp_path / "out", "--to", "conll") == 2
    assert f"{source}:1: no words" in capsys.readouterr().err


def test_a_cut_word_ends_the_conversion_with_all_places(tmp_path, capsys):
    source = write(tmp_path, RECORDS[1], CUT, RECORDS[1], {**CUT, "id": 9})
    before = sorted(tmp_path.iterdir())
    assert convert(source, tmp_path / "out.conll", "--to", "conll") == 2
    said = capsys.readouterr().err
    assert f"{source}:2: document '3': X 'super' (characters 4 to 9) cuts a word of 'superman'" in said
    assert f"{source}:4: document '9': " in said
    assert "--align expand (makes it 'superman'), or contract (nothing, for no whole word is in it)" in said
    assert "Nothing was written: 2 spans that begin or end inside a word." in said
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(("align", "tags"), [("expand", ["O", "B-X"]), ("contract", ["O", "O"])])
def test_an_alignment_moves_spans_and_says_which(tmp_path, caplog, align, tags):
    assert convert(write(tmp_path, CUT), tmp_path / "out", "--to", "conll", "--align", align) == 0
    assert read_sentences(tmp_path / "out").tags == [tags]
    assert {"expand": "1 spans got other borders:", "contract": "1 spans were left out:"}[align] in caplog.text
    assert "in.jsonl:1: document '3': X 'super'" in caplog.text


def test_what_is_suggested_works_when_it_is_typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, CUT)
    assert convert("in.jsonl", "NEW.jsonl", "--to", "jsonl", "--align", "expand") == 0
    assert read_sentences(Path("NEW.jsonl")).tags == [["O", "B-X"]]


def test_nested_spans_are_refused_or_chosen_from(tmp_path, capsys, caplog):
    source = write(tmp_path, NESTED)
    assert convert(source, tmp_path / "out", "--to", "conll") == 2
    assert (
        "in.jsonl:1: document '4': NAME 'York' (characters 7 to 11) is inside of LOC 'New York'"
        in capsys.readouterr().err
    )
    for overlaps, tags in (("outer", ["O", "B-LOC", "I-LOC"]), ("inner", ["O", "O", "B-NAME"])):
        assert convert(source, tmp_path / "out", "--to", "conll", "--overlaps", overlaps) == 0
        assert read_sentences(tmp_path / "out").tags == [tags]
    assert "1 spans were left out:" in caplog.text


def test_spans_stay_as_they_are_in_a_format_that_holds_them_unless_a_choice_is_typed(tmp_path):
    source = write(tmp_path, CUT, NESTED)
    assert convert(source, tmp_path / "same", "--to", "doccano") == 0
    assert [json.loads(line) for line in (tmp_path / "same").read_text().splitlines()] == [CUT, NESTED]
    assert convert(source, tmp_path / "moved", "--to", "doccano", "--align", "expand", "--overlaps", "inner") == 0
    labels = [json.loads(line)["label"] for line in (tmp_path / "moved").read_text().splitlines()]
    assert labels == [[[4, 12, "X"]], [[7, 11, "NAME"]]]


def test_words_between_blanks_are_kept_by_formats_that_have_words(tmp_path):
    source = write(tmp_path, {"text": "in Rome.", "label": [[3, 8, "LOC"]]})
    assert convert(source, tmp_path / "out", "--to", "gliner", "--words", "whitespace") == 0
    assert json.loads((tmp_path / "out").read_text()) == [{"tokenized_text": ["in", "Rome."], "ner": [[1, 1, "LOC"]]}]


def test_several_files_become_one_and_names_that_clash_get_the_name_of_their_file(tmp_path):
    first, second = write(tmp_path, *RECORDS), write(tmp_path, RECORDS[1], name="more.jsonl")
    assert convert(first, second, tmp_path / "out.jsonl", "--to", "jsonl") == 0
    assert read_sentences(tmp_path / "out.jsonl").doc_ids == ["in/1", "in/2", "more/2"]


def test_labels_of_single_words_become_spans(tmp_path):
    (tmp_path / "pos.conll").write_text("He PRON\nran VERB\nfast ADV\n\n")
    assert convert(tmp_path / "pos.conll", tmp_path / "out", "--to", "doccano") == 0
    assert json.loads((tmp_path / "out").read_text()) == {
        "text": "He ran fast",
        "label": [[0, 2, "PRON"], [3, 6, "VERB"], [7, 11, "ADV"]],
    }


def test_texts_without_labels_stay_so(tmp_path, caplog):
    (tmp_path / "words.conll").write_text("He\nran\nfast\n\nAnna\nleft\ntoo\n\n")
    assert convert(tmp_path / "words.conll", tmp_path / "out", "--to", "jsonl") == 0
    assert read_sentences(tmp_path / "out").tags is None
    assert convert(tmp_path / "words.conll", tmp_path / "tasks", "--to", "doccano") == 0
    assert "no labels; its texts are written without spans" in caplog.text
    labelled = write(tmp_path, *RECORDS)
    assert convert(labelled, tmp_path / "words.conll", tmp_path / "both", "--to", "conll") == 2
    assert not (tmp_path / "both").exists()


WRONG = {
    "no file to write": (
        ["{in}", "--to", "conll"],
        "no file to write; accepted: one file or more",
    ),
    "an unknown target": (
        ["{in}", "{out}", "--to", "docano"],
        "--to docano: no such format; accepted: conll, ",
    ),
    "an unknown source": (
        ["{in}", "{out}", "--to", "conll", "--from", "xml"],
        "--from xml: no such format; accep",
    ),
    "no target": (["{in}", "{out}"], "the following arguments are required: --to"),
    "the input": (["{in}", "{in}", "--to", "spans"], "is read as data; accepted: a file of its own"),
    "somebody's file": (["{in}", "{foreign}", "--to", "spans"], "already exists and was not written by this tool"),
    "a missing file": (["{missing}", "{out}", "--to", "spans"], "missing: no such file"),
    "a pair's name": (
        ["{in}", "{out}", "--to", "text_and_labels"],
        "accepted: text_NAME.txt (and labels_NAME.txt)",
    ),
    "another alignment": (["{in}", "{out}", "--to", "conll", "--align", "wide"], "invalid choice: 'wide'"),
    "another format than said": (["{in}", "{out}", "--to", "conll", "--from", "gliner"], "in.jsonl:1: "),
    "a folder as the file": (["{in}", "{folder}", "--to", "conll"], "Is a directory"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_call_says_what_to_type_and_writes_nothing(tmp_path, capsys, case):
    words, said = WRONG[case]
    (tmp_path / "foreign").write_text("precious\n")
    (tmp_path / "folder").mkdir()
    places = {name: tmp_path / name for name in ("missing", "foreign", "folder", "out")}
    places["in"] = write(tmp_path, *RECORDS)
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert convert(*(word.format(**places) for word in words)) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert "Traceback" not in captured.err
    after = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert {path: content for path, content in after.items() if path.name[0] != "."} == before


def test_problems_of_all_files_are_listed_together(tmp_path, capsys):
    broken = tmp_path / "broken.jsonl"
    broken.write_text("{\n")
    assert convert(tmp_path / "missing", broken, tmp_path / "out", "--to", "conll", "--from", "spans") == 2
    said = capsys.readouterr().err
    assert "missing: no such file" in said
    assert f"{broken}:1: not JSON" in said


def test_words_that_conll_can_not_hold_are_named(tmp_path, capsys):
    source = write(tmp_path, {"tokens": ["a\tb", "-DOCSTART-"], "ner_tags": ["O", "O"]})
    assert convert(source, tmp_path / "out", "--to", "conll") == 2
    said = capsys.readouterr().err
    assert f"{source}:1: 'a\\tb' can't be written" in said
    assert f"{source}:1: '-DOCSTART-' can't be written" in said


def test_words_that_would_be_taken_for_numbers_of_rows_are_named(tmp_path, capsys):
    records = [{"tokens": ["1", "2", "3"], "ner_tags": ["NUM", "NUM", "NUM"]}] * 2
    assert convert(write(tmp_path, *records), tmp_path / "out", "--to", "conll") == 2
    assert "in.jsonl:1: the first words count 1, 2, 3 ... and would be read as numbers" in capsys.readouterr().err


def test_a_second_conversion_may_replace_the_first(tmp_path):
    source = write(tmp_path, *RECORDS)
    for target in ("conll", "spans"):
        assert convert(source, tmp_path / "out", "--to", target) == 0
    assert recognise_format(tmp_path / "out") == "spans"


def test_every_format_that_can_be_written_can_be_read(tmp_path):
    assert set(TARGETS) == {*TAG_WRITERS, *SPAN_WRITERS}
    assert set(TARGETS) - {"doccano"} <= set(SOURCES)  # which is read as any text with spans is


@pytest.mark.parametrize("target", ["conll", "conllu", "jsonl"])
def test_hostile_documents_lose_no_word_and_no_entity_on_the_way_to_tags(tmp_path, target):
    source, path = tmp_path / "in.jsonl", tmp_path / "out"
    source.write_bytes(write_text_spans(make_hostile_documents()).content.encode())
    with keep_inputs():
        choices = Choices(target, align="expand", overlaps="outer")
        conversion = convert_files([source], path, choices)
    path.write_bytes(conversion.written.content.encode())
    sentences = read_sentences(path)
    spans = sum(len(document.spans) for document in read_documents(source, "spans").documents)
    begun = sum(tag.startswith("B-") for tags in sentences.gold for tag in tags)
    assert begun + len(conversion.account.left_out) == spans
    assert sum(map(len, sentences.tokens)) == conversion.counts["words"]
