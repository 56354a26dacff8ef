"""Labels as elements around what they mark: read, told from texts with a `<`, and written as XML that parses."""

import time
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from span_documents import make_hostile_documents

from token_classification.data.formats import read_sentences
from token_classification.data.formats.inline_markup import LAYOUT, cut_markup, has_documents
from token_classification.data.formats.inline_xml import read_inline_xml, write_inline_xml
from token_classification.data.formats.recognise import recognise_format, recognise_text
from token_classification.data.spans.document import Span, SpanDocument
from token_classification.errors import DataError

MUC = """<DOC>
<DOCID>wsj93_050.0203</DOCID>
<TEXT><p>
<ENAMEX TYPE="PERSON" STATUS="OPT">Anna</ENAMEX> left <ENAMEX TYPE="ORGANIZATION">R&amp;D</ENAMEX>.
</p></TEXT>
</DOC>
"""


def save(folder, content, name="a.xml"):
    path = folder / name
    path.write_text(content, encoding="utf-8", newline="")
    return path


def list_spans(path):
    file = read_inline_xml(path)
    assert file.problems == []
    return [
        (document.text, [(document.text[span.start : span.end], span.label) for span in document.spans])
        for document in file.documents
    ]


def test_a_document_a_line_is_read_for_training(tmp_path):
    path = save(tmp_path, "<PER>Anna Smith</PER> left <LOC>Bern</LOC> &lt;3\n\nNobody did &amp; so\n", "a.txt")
    assert recognise_format(path) == "inline_xml"
    sentences = read_sentences(path)
    assert sentences.tokens == [["Anna", "Smith", "left", "Bern", "<", "3"], ["Nobody", "did", "&", "so"]]
    assert sentences.tags == [["B-PER", "I-PER", "O", "B-LOC", "O", "O"], ["O"] * 4]
    assert sentences.lines == [1, 3]


def test_documents_are_elements_with_ids_and_nested_labels(tmp_path):
    path = save(tmp_path, '<docs>\n<doc id="a&quot;">in <LOC>New <NAME>York</NAME></LOC>\n</doc><!-- x --><DOC/>')
    assert recognise_format(path) == "inline_xml"
    file = read_inline_xml(path)
    found = [(document.doc_id, document.text) for document in file.documents]
    assert found == [('a"', "in New York\n"), (None, "")]
    assert list_spans(path)[0][1] == [("New York", "LOC"), ("York", "NAME")]


def test_the_elements_of_the_message_understanding_conferences_have_types(tmp_path):
    path = save(tmp_path, MUC, "a.sgm")
    assert recognise_format(path) == "inline_xml"
    [(text, spans)] = list_spans(path)
    assert text == "\nwsj93_050.0203\n\nAnna left R&D.\n\n"
    assert spans == [("Anna", "PERSON"), ("R&D", "ORGANIZATION")]
    assert [note.split(": ", 1)[1] for note in read_inline_xml(path).notes] == [
        "1 attributes of labels are left out",
        "elements of layout are no labels, and are left out: 1 <DOCID>, 1 <TEXT>, 1 <p>",
    ]


def test_characters_by_number_and_raw_sections(tmp_path):
    path = save(tmp_path, "<PER>&#x1F600;&#65;</PER> <![CDATA[<b> & ]]>\n")
    assert list_spans(path) == [("😀A <b> & ", [("😀A", "PER")])]


WRONG = {
    "<PER>Anna left": "1: <PER> is not closed; accepted: </PER> in the same document",
    "Anna</PER> left": "1: </PER> where no element is open",
    "<A>one <B>two</A> three</B>": "1: </A> where <B> is open; accepted: elements beside or inside of each other",
    "a < b <PER>x</PER>": "1: a '<' that begins no tag; accepted: &lt; for a single <",
    "AT&T <ORG>x</ORG>": "1: '&T' stands for no character; accepted: &amp; for a single &",
    "<ORG>x</ORG> &#xD800;": "1: '&#xD800;' stands for no character",
    "x<PER></PER>": "1: <PER> marks nothing",
    "x<PER/>": "1: <PER/> marks nothing",
    "<doc>\n<doc>x</doc>": "1: <doc> is not closed; accepted: </doc> at the end of each document",
    "<doc>x": "1: <doc> is not closed; accepted: </doc> at the end of each document",
    "<docs>\nx<doc>y</doc></docs>": "1: 'x' is in no document",
    '<doc id="7"><PER>x</doc>': "1: document '7': <PER> is not closed",
}


@pytest.mark.parametrize("content", WRONG)
def test_what_is_wrong_is_named_with_its_line(tmp_path, content):
    path = save(tmp_path, content)
    file = read_inline_xml(path)
    assert [str(problem).startswith(f"{path}:{WRONG[content]}") for problem in file.problems] == [True], file.problems
    assert all(document.text != content for document in file.documents)


def test_a_broken_document_costs_no_other_one(tmp_path):
    path = save(tmp_path, "<PER>Anna</PER>\n<PER>Bob\n" + "<LOC>Bern</LOC>\n" * 20)
    assert recognise_format(path) == "inline_xml"
    file = read_inline_xml(path)
    assert (len(file.documents), [problem.line for problem in file.problems]) == (21, [2])


ORDINARY = [
    "I <3 you\nme too\n",
    "Use vector<int> here.\nand <there>\n",
    "mail <a@b.org> to him\n",
    "<USER> met <USER> today at <URL>\nnothing more to say here\n",
    "if a < b and c > d\n",
    "<b>bold</b> and <i>more</i> of it\nplain words\n",
    "<html>\n<body>Hello you</body>\n</html>\n",
]


@pytest.mark.parametrize("content", ORDINARY)
def test_ordinary_texts_with_angles_stay_texts(content):
    assert recognise_text(content, ".txt").format == "text"


ROWS = [
    "<doc>\tO\nAnna\tB-PER\n</doc>\tO\n",
    "<doc id='1'>\n<s>\nAnna\tNE\tB-PER\nleft\tV\tO\n</s>\n</doc>\n",
    "Anna\tB-PER\n<b>x</b>\tO\nleft\tO\n",
    'id\ttext\n1\t"<PER>Anna</PER> left"\n',
    '{"text": "<PER>Anna</PER> left"}\n{"text": "b"}\n',
]


@pytest.mark.parametrize("content", ROWS)
def test_rows_and_records_with_tags_in_them_stay_what_they_are(content):
    assert recognise_text(content, "").format != "inline_xml"


def test_the_markup_of_pages_is_no_label_and_what_to_type_is_said(tmp_path):
    path = save(tmp_path, "<b>Anna</b> left\nand so on\n", "a.txt")
    with pytest.raises(
        DataError, match=r"texts with markup, or with labels\? \(its elements are those of pages: <b>\)"
    ):
        recognise_format(path)


def test_a_file_without_a_label_is_unlabelled(tmp_path):
    file = read_inline_xml(save(tmp_path, "<doc>Anna left</doc>"))
    assert (file.is_labelled, len(file.documents)) == (False, 1)


def make_document(text, *spans, **more):
    return SpanDocument(text, spans, None, 1, **more)


def test_crossing_spans_are_refused_with_what_to_type(tmp_path):
    document = SpanDocument("one two three", (Span(0, 7, "A"), Span(4, 13, "B")), tmp_path / "in.jsonl", 3)
    (problem,) = write_inline_xml([document]).problems
    assert "B 'two three' (characters 4 to 13) crosses A 'one two' (characters 0 to 7)" in str(problem)
    assert "--overlaps outer (keeps the longer span), or inner" in str(problem)


def test_a_character_that_xml_has_not_is_refused(tmp_path):
    document = SpanDocument("a\x0bb", (), tmp_path / "in.jsonl", 3)
    (problem,) = write_inline_xml([document]).problems
    assert "XML has no character '\\x0b'" in str(problem)


@pytest.mark.parametrize("label", ["Mo dèl", "人", "a-b_c", "p", "doc", "ENAMEX", "xml", "1st", "a:b", 'x"<&\n\t'])
def test_any_label_is_one_again(tmp_path, label):
    written = write_inline_xml([SpanDocument("Anna", (Span(0, 4, label),), tmp_path, 1)])
    assert list_spans(save(tmp_path, written.content)) == [("Anna", [("Anna", label)])]


def test_scores_and_fields_are_left_out_aloud(tmp_path):
    document = SpanDocument("Anna", (Span(0, 4, "PER", 0.5),), tmp_path, 1, meta={"source": "a"})
    assert [note.split(" ", 1)[1] for note in write_inline_xml([document]).notes] == [
        "scores of spans are left out: this format has none",
        "documents have other fields; they are left out: this format has none",
    ]


def test_what_is_written_is_xml_to_another_parser():
    documents = make_hostile_documents(300, nested=True)
    root = ElementTree.fromstring(write_inline_xml(documents).content.encode())
    assert [element.get("id") for element in root] == [document.doc_id for document in documents]
    for element, document in zip(root, documents, strict=True):
        assert "".join(element.itertext()) == document.text
        marked = sorted(
            (each.get("TYPE", each.tag), "".join(each.itertext())) for each in element.iter() if each != element
        )
        assert marked == sorted((span.label, document.text[span.start : span.end]) for span in document.spans)


@given(st.text(alphabet="<>/&;#x1a P=\"'![-\n"))
def test_pieces_cover_any_text(text):
    places = [piece.place for piece in cut_markup(text)]
    assert places == sorted(set(places))
    if not any(mark in text for mark in "<&"):
        assert "".join(piece.text for piece in cut_markup(text)) == text


@pytest.mark.parametrize(
    "opener", ["<!--", "<?", "<![CDATA[", "<!DOCTYPE", "<", "</A", "<A b='", '<A b="', "<A ", "&a"]
)
def test_what_is_never_closed_is_read_once(opener):
    # 100 kB. Looking for the end at each of them anew takes ten seconds and more.
    start = time.process_time()
    pieces = list(cut_markup(opener * (100_000 // len(opener))))
    assert time.process_time() - start < 5
    assert {piece.kind for piece in pieces} <= {"text", "broken"}


@pytest.mark.parametrize("piece", ["<!---->", "<!-- a -->\n", "<?xml?>", "<!DOCTYPE a>"])
def test_a_long_head_that_no_document_follows_is_read_once(piece):
    assert not has_documents(piece * 1000 + "text")
    assert has_documents(piece * 1000 + "<doc>text</doc>")


def test_names_of_layout_are_in_small_letters():
    assert {name.lower() for name in LAYOUT} == LAYOUT
