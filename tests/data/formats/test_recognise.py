import pytest

from token_classification.data.formats.recognise import HEAD, Recognition, recognise_format, recognise_text

RECORD = '{"tokens": ["a"], "ner_tags": ["O"]}'
CONLLU_ROW = "1\ta\ta\tX\t_\t_\t0\troot\t_\t_\n"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.conll", "EU\tB-ORG\n", "conll"),
        ("a.tsv", "word\tO\n", "conll"),
        ("a.json", "EU\tB-ORG\n", "conll"),
        ("a.json", "[\tO\nEU\tB-ORG\n", "conll"),
        ("a.json", "{ O\n", "conll"),
        ("a.conll", '"\tO\n', "conll"),
        ("a.txt", '{"\tO\n', "conll"),
        ("a.conll", "{}\tO\n", "conll"),
        ("a.conll", '["a"]\tO\n', "conll"),
        ("a.conll", "[]\tO\n", "conll"),
        ("a.conll", "tokens\tO\n[\tO\n", "conll"),
        ("a.conll", "1\tGleich\tO\tO\n", "conll"),
        ("a.conll", "tokens\tO\n", "conll"),
        ("a.conll", "EU,\nB;\n", "conll"),
        ("a.txt", "# sent_id = 1\n" + CONLLU_ROW, "conllu"),
        ("a.txt", "1-2\t" + CONLLU_ROW[2:], "conllu"),
        ("a.conllu", "1\ta\tO\n", "conllu"),
        ("a.conllu", "a\tO\n", "conll"),
        ("a.txt", f"[{RECORD}]", "json"),
        ("a.txt", f'{{"data": [{RECORD}]}}', "json"),
        ("a.txt", f"{RECORD}\n{RECORD}\n", "jsonl"),
        ("a.json", RECORD, "jsonl"),
        ("a.json", "[]", "json"),
        ("a.json", '[{"tokens": ["a",]}]', "json"),
        ("a.jsonl", '{"tokens": ["a",]}', "jsonl"),
        ("a.csv", "a;b\n1;2\n", "csv"),
        ("a.tsv", "sentence_id\tword\ttag\n1\ta\tO\n", "csv"),
        ("a.txt", '"Sentence #","Word","Tag"\n', "csv"),
        ("a.txt", 'tokens;tags\n["a"];["O"]\n', "csv"),
        ("a.parquet", "not parquet", "parquet"),
        ("a.json", "PAR1", "parquet"),
    ],
)
def test_content_decides_and_extension_breaks_ties(tmp_path, name, text, expected):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert recognise_format(path) == expected


TAGGED = "EU\tB-ORG\nleft\tO\n\nHe\tO\n"
POS = "The DT\ndog NN\n\nIt PRP\nran VBD\n\n"
ONE_WORD = "Anna\nleft\n.\n\nShe\nran\nfar\n.\n"


@pytest.mark.parametrize(
    ("suffix", "text", "expected", "other"),
    [
        # tags show CoNLL, whatever the name says
        (".txt", TAGGED, "conll", None),
        (".tsv", TAGGED, "conll", None),
        ("", TAGGED.replace("\t", " "), "conll", None),
        (".txt", "1\tEU\tB-ORG\tO\n2\tleft\tO\tO\n", "conll", None),
        (".tsv", "text\tB-X\nby\tO\n", "conll", None),
        (".txt", "The\tDT\ndog\tNN\n\nIt\tPRP\n", "conll", None),
        (".conll", ONE_WORD, "conll", None),
        (".conll", "nothing of rows here\nat all\n", "conll", None),
        # a header shows a table
        (".tsv", "id\ttext\n1\tAnna left\n", "csv", None),
        (".tsv", "text\nAnna left\n", "csv", None),
        (".txt", "id,text\n1,Anna left\n", "csv", None),
        (".txt", "sentence_id\tword\n1\tAnna\n", "csv", None),
        # texts
        (".txt", "Anna left.\nShe is in Paris now.\n", "text", None),
        ("", "Anna left.\n", "text", None),
        (".txt", "text, words and more\nare written here\n", "text", None),
        (".txt", '["Yes," he said.\n', "text", None),
        ("", "", "text", None),
        (".txt", "2012 make this your year ! # focus # ambition\n", "text", None),
        (".txt", "They celebrated a happy B-Day with all of us\n", "text", None),
        # records
        (".txt", '{"text": "a"}\n{"text": "b"}\n', "jsonl", None),
        ("", '{"text": \n{"text": "b"}\n{"text": "c"}\n', "jsonl", None),
        (".jsonl", "{broken\n[1]\n", "jsonl", None),
        ("", '{\n "data": [\n  {"text": "a"},\n', "json", None),
        # two readings
        (".txt", ONE_WORD, "conll", "text"),
        (".txt", "Anna\nParis\n", "text", "conll"),
        (".txt", POS, "text", "conll"),
        (".txt", "Anna B-PER\n", "text", "conll"),
        ("", "Anna O\nleft O\n", "text", "conll"),
        (".txt", POS * 5, "conll", "text"),
        (".txt", "id\tremark\n1\tAnna left\n", "text", "conll"),
        (".tsv", "id\tremark\n1\tAnna left\n", "conll", "csv"),
        (".tsv", "id\ttext\n1\tAnna left\n\n2\tAnna\n", "conll", "csv"),
        ("", '["Yes," he said.\n', "text", "jsonl"),
        (".json", "Anna left.\n", "text", "jsonl"),
    ],
)
def test_two_readings_are_told(suffix, text, expected, other):
    found = recognise_text(text, suffix, is_whole=False)
    assert (found.format, found.other) == (expected, other)
    assert bool(found.doubt) == (other is not None)


def test_a_column_that_was_named_decides():
    text = "id\tremark\n1\tAnna left\n"
    assert recognise_text(text, ".tsv", text_column="remark") == Recognition("csv")
    assert recognise_text(text, ".tsv", text_column="1") == Recognition("conll")
    assert recognise_text("id\ttext\n1\tAnna left\n", ".txt", text_column="remark").format == "text"


def test_only_the_beginning_decides():
    texts = "".join("Anna left." + number % 5 * " Then" + "\n" for number in range(HEAD // 10))
    assert recognise_text(texts + TAGGED * 1000, "") == Recognition("text")
    assert recognise_text("x" * (2 * HEAD), "") == Recognition("text")
