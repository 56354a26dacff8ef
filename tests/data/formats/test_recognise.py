import pytest

from token_classification.data.formats.recognise import recognise_format

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
        ("a.txt", f"{RECORD}\n{RECORD}\n", "json_lines"),
        ("a.json", RECORD, "json_lines"),
        ("a.json", "[]", "json"),
        ("a.json", '[{"tokens": ["a",]}]', "json"),
        ("a.jsonl", '{"tokens": ["a",]}', "json_lines"),
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
