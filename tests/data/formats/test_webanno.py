r"""TSV 3 of WebAnno and INCEpTION: what their documentation says, and what their own exports look like."""

import pytest

from token_classification import cli
from token_classification.data.formats import read_sentences
from token_classification.data.formats.recognise import recognise_format
from token_classification.data.formats.span_files import read_documents
from token_classification.data.formats.webanno import write_webanno
from token_classification.data.spans.document import Span, SpanDocument
from token_classification.errors import DataError
from token_classification.exit_codes import run_command

LAYER = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
HEAD = f"#FORMAT=WebAnno TSV 3.3\n#T_SP={LAYER}|identifier|value\n\n"


def write(folder, body, head=HEAD, name="one.tsv"):
    (folder / name).write_text(head + body, encoding="utf-8")
    return folder / name


def read(folder, body, head=HEAD, **columns):
    path = write(folder, body, head)
    assert recognise_format(path) == "webanno"
    return read_documents(path, "webanno", **columns)


def make_rows(text, *rows):
    """A sentence of tokens: offsets, token and label of each."""
    lines = (f"1-{place}\t{offsets}\t{token}\t*\t{label}\t\n" for place, (offsets, token, label) in enumerate(rows, 1))
    return f"\n#Text={text}\n" + "".join(lines).replace("*\t_\t", "_\t_\t")


def list_spans(file):
    return [
        (document.text[span.start : span.end], span.label) for document in file.documents for span in document.spans
    ]


def test_a_document_is_read_for_training(tmp_path):
    body = (
        "\n#Text=Ada Byron left .\n1-1\t0-3\tAda\t*[1]\tPER[1]\t\n1-2\t4-9\tByron\t*[1]\tPER[1]\t\n"
        "1-3\t10-14\tleft\t_\t_\t\n1-4\t15-16\t.\t_\t_\t\n\n"
        "#Text=Bath is old\n2-1\t17-21\tBath\thttp://x.org/1\tLOC\t\n2-2\t22-24\tis\t_\t_\t\n2-3\t25-28\told\t_\t_\t\n"
    )
    file = read(tmp_path, body)
    assert file.documents[0].text == "Ada Byron left .\nBath is old"
    assert list_spans(file) == [("Ada Byron", "PER"), ("Bath", "LOC")]
    assert file.notes == []
    sentences = read_sentences(tmp_path / "one.tsv")
    assert sentences.tokens == [["Ada", "Byron", "left", ".", "Bath", "is", "old"]]
    assert sentences.tags == [["B-PER", "I-PER", "O", "O", "B-LOC", "O", "O"]]
    assert sentences.doc_ids == ["one"]


def test_stacked_and_nested_spans_and_parts_of_tokens(tmp_path):
    body = (
        "\n#Text=New Yorkers ran\n1-1\t0-3\tNew\t_\tGRP[1]|GPE[2]|ADJ[3]\t\n1-2\t4-11\tYorkers\t_\tGRP[1]\t\n"
        "1-2.1\t4-8\tYork\t_\tGPE[2]\t\n1-3\t12-15\tran\t_\t_\t\n"
    )
    assert list_spans(read(tmp_path, body)) == [("New Yorkers", "GRP"), ("New York", "GPE"), ("New", "ADJ")]


@pytest.mark.parametrize("value", ["A\\[1\\]", "\\_", "a\\|b", "x\\->y", "\\*", "C:\\\\d"])
def test_escapes(tmp_path, value):
    rows = [("0-1", "a", value), ("2-3", "b", "_"), ("4-5", "\\\\", "_"), ("6-7", "c", "_")]
    body = make_rows("a\\tb \\\\ c", *rows)
    file = read(tmp_path, body)
    assert file.documents[0].text == "a\tb \\ c"
    label = value.replace("\\\\", "\0").replace("\\", "").replace("\0", "\\")
    assert list_spans(file) == [("a", label)]
    again = write_webanno(file.documents).content["one.tsv"]
    assert f"\t{value}\t\n" in again


def test_offsets_are_those_of_java_or_of_characters_if_the_tokens_say_so(tmp_path):
    rows = [("0-2", "😀", "_"), ("3-7", "Bath", "LOC"), ("8-10", "😀", "_"), ("11-12", "x", "X")]
    java = make_rows("😀 Bath 😀 x", *rows)
    file = read(tmp_path, java)
    assert (list_spans(file), file.notes) == ([("Bath", "LOC"), ("x", "X")], [])
    rows = [("0-1", "😀", "_"), ("2-6", "Bath", "LOC"), ("7-8", "😀", "_"), ("9-10", "x", "X")]
    python = make_rows("😀 Bath 😀 x", *rows)
    file = read(tmp_path, python)
    assert list_spans(file) == [("Bath", "LOC"), ("x", "X")]
    assert "offsets count characters" in file.notes[0]


def test_an_emoji_spelt_in_two_halves_as_old_versions_do(tmp_path):
    body = '\n#Text=\\uD83D\\uDE00 \\"Bath\\"\n1-1\t0-2\t\\uD83D\\uDE00\t_\t_\n1-2\t4-8\tBath\t*\tLOC\n'
    file = read(tmp_path, body, HEAD.replace("3.3", "3.1"))
    assert (file.documents[0].text, list_spans(file)) == ('😀 "Bath"', [("Bath", "LOC")])


def test_other_layers_are_named_and_can_be_chosen(tmp_path):
    head = (
        "#FORMAT=WebAnno TSV 3.2\n#T_SP=de.x.POS|PosValue\n#T_CH=de.x.CorefLink|referenceType|referenceRelation\n"
        "#T_SP=webanno.custom.Letter|entity_id|value\n#T_SP=webanno.custom.Mark|\n#T_RL=de.x.Rel|kind|BT_de.x.POS\n\n"
    )
    body = "\n#Text=Ada\n1-1\t0-3\tAda\tNE\tx->1-1\ty\t7\tPER\t*\t_\t_\t\n"
    file = read(tmp_path, body, head)
    assert list_spans(file) == [("Ada", "PER")]
    assert "webanno.custom.Mark is not: for that, --label_column_name Mark" in file.notes[0]
    assert list_spans(read(tmp_path, body, head, label_column="Mark")) == [("Ada", "Mark")]
    assert list_spans(read(tmp_path, body, head, label_column="POS")) == [("Ada", "NE")]
    assert list_spans(read(tmp_path, body, head, label_column="entity_id")) == [("Ada", "7")]
    with pytest.raises(DataError, match="no column 'Other'"):
        read(tmp_path, body, head, label_column="Other")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("1-1\t0-3\tEve\t_\tPER\t\n", "one.tsv:5: the token 'Eve' is not what stands at 0 to 3 in #Text="),
        ("1-1\t0-3\tAda\t_\n", "has 1 columns behind the token, not 2"),
        ("words\n", "'words' is no token; accepted: 1-1 TAB 0-4 TAB token"),
        ("1-1\t0-3\tAda\t*\tPER\t\n1-2\t4-7\tran\t*\t*\t\n", "one.tsv:6: a span of NamedEntity has no value"),
        ("1-1\t0-3\tAda\t*\tPER\t\n1-1.1\t3-3\t\t*\tX\t\n", "one.tsv:6: a span of NamedEntity 'X' marks nothing"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, rows, said):
    (problem,) = read(tmp_path, "#Text=Ada ran\n" + rows).problems
    assert said in str(problem)


def test_one_layer_is_read_from_all_files_of_a_folder(tmp_path):
    write(tmp_path, make_rows("Ada", ("0-3", "Ada", "PER")))
    other = "#FORMAT=WebAnno TSV 3.3\n#T_SP=webanno.custom.Mood|kind\n\n"
    write(tmp_path, "\n#Text=Bath\n1-1\t0-4\tBath\tgood\t\n", other, name="another.tsv")
    (tmp_path / "table.tsv").write_text("words\ttags\n", encoding="utf-8")
    file = read_documents(tmp_path, "webanno")
    assert [(document.doc_id, len(document.spans)) for document in file.documents] == [("another", 0), ("one", 1)]
    assert "webanno.custom.Mood is not" in file.notes[0]


def test_a_layer_without_any_value_gives_its_name(tmp_path):
    body = "\n#Text=Ada\n1-1\t0-3\tAda\t*\t*\t\n"
    assert list_spans(read(tmp_path, body)) == [("Ada", "NamedEntity")]


def test_what_cannot_be_held_is_named(tmp_path):
    empty = SpanDocument("", (), tmp_path, 1, "a/b")
    cut = SpanDocument("Yorkers", (Span(0, 4, "GPE", 0.5),), tmp_path, 2, "c")
    written = write_webanno([empty, cut])
    assert "a document without any text can't be held" in str(written.problems[0])
    assert [note.split(",")[0].split(":")[0] for note in written.notes] == [
        "1 scores of spans are left out",
        "documents are called by their numbers",
        "1 words are several tokens",
    ]


def test_convert_writes_a_folder_and_reads_it_again(tmp_path):
    write(tmp_path, "\n#Text=Ada\n1-1\t0-3\tAda\t*\tPER\t\n")
    new = tmp_path / "new"
    assert run_command(cli.run, ["convert", str(tmp_path / "one.tsv"), str(new), "--to", "webanno"]) == 0
    assert (new / "one.tsv").read_text(encoding="utf-8") == (
        f"#FORMAT=WebAnno TSV 3.3\n#T_SP={LAYER}|value\n\n\n#Text=Ada\n1-1\t0-3\tAda\tPER\t\n"
    )
    assert recognise_format(new) == "webanno"
    assert run_command(cli.run, ["convert", str(new), str(tmp_path / "back"), "--to", "conll"]) == 0
    assert "Ada\tB-PER" in (tmp_path / "back").read_text(encoding="utf-8")
