"""Documents become sentences of words and tags, and sentences become documents again."""

from itertools import chain
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from span_documents import span_documents

from token_classification.data.sentences import Sentences
from token_classification.data.spans.document import Span, SpanDocument, SpanFile
from token_classification.data.spans.tags import TaggingRules, join_sentences, tag_documents

FILE = Path("a.jsonl")
TEXT = "Anna Smith came.\n\nShe left New\nYork."
SPANS = (Span(0, 10, "PER"), Span(27, 35, "LOC"))


def tag(text, spans, doc_id=None, **rules):
    return tag_documents(SpanFile(FILE, [SpanDocument(text, spans, FILE, 5, doc_id)]), TaggingRules(**rules))


def test_a_document_is_a_sentence():
    sentences = tag(TEXT, SPANS).sentences
    assert sentences.tokens == [TEXT.replace(".", " .").split()]
    assert sentences.tags == [["B-PER", "I-PER", "O", "O", "O", "O", "B-LOC", "I-LOC", "O"]]
    assert (sentences.lines, sentences.doc_ids) == ([5], None)


def test_lines_are_sentences_where_asked_for_but_no_span_is_cut():
    sentences = tag(TEXT, SPANS, "d7", splits_lines=True).sentences
    assert sentences.tokens == [["Anna", "Smith", "came", "."], ["She", "left", "New", "York", "."]]
    assert sentences.tags == [["B-PER", "I-PER", "O", "O"], ["O", "O", "B-LOC", "I-LOC", "O"]]
    assert (sentences.lines, sentences.doc_ids) == ([5, 5], ["d7", "d7"])


def test_blanks_alone_separate_words_where_asked_for():
    assert tag("in Rome.", (Span(3, 8, "LOC"),), words="whitespace").sentences.tokens == [["in", "Rome."]]


def test_an_unlabelled_file_has_no_tags():
    file = SpanFile(FILE, [SpanDocument("Anna", (), FILE, 1)], is_labelled=False)
    assert tag_documents(file).sentences.tags is None


def test_overlaps_are_problems_unless_a_choice_is_made():
    spans = (Span(0, 10, "PER"), Span(5, 10, "NAME"))
    refused, chosen = tag(TEXT, spans), tag(TEXT, spans, overlaps="inner")
    assert (len(refused.problems), len(refused.left_out)) == (1, 0)
    assert (len(chosen.problems), len(chosen.left_out)) == (0, 1)
    assert chosen.sentences.gold[0][:2] == ["O", "B-NAME"]


def test_words_that_expansion_gives_to_two_spans_are_an_overlap():
    spans = (Span(0, 3, "A"), Span(3, 7, "B"))
    assert len(tag("New/Old", spans, align="expand").problems) == 1


@settings(max_examples=200, deadline=None)
@given(span_documents(), st.sampled_from(["expand", "contract"]), st.booleans())
def test_no_span_is_lost_on_the_way_to_tags(document, align, splits_lines):
    rules = TaggingRules(align=align, overlaps="outer", splits_lines=splits_lines)
    tagged = tag_documents(SpanFile(FILE, [document]), rules)
    starts = sum(tag.startswith("B-") for tags in tagged.sentences.gold for tag in tags)
    assert starts + len(tagged.left_out) == len(document.spans)
    assert not tagged.problems


def test_sentences_of_a_document_are_joined_by_line_ends():
    sentences = Sentences(
        [["Anna", "left"], [], ["Bob"], ["Rome"]],
        [["B-PER", "O"], [], ["B-PER"], ["B-LOC"]],
        [1, 4, 5, 9],
        ["a", "a", "a", "b"],
    )
    file = join_sentences(sentences, FILE)
    assert [document.text for document in file.documents] == ["Anna left\n\nBob", "Rome"]
    assert [(document.doc_id, document.line) for document in file.documents] == [("a", 1), ("b", 9)]
    assert [span[:3] for span in file.documents[0].spans] == [(0, 4, "PER"), (11, 14, "PER")]


WORDS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4), max_size=6)


@settings(max_examples=200, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=5), st.randoms(use_true_random=False), st.booleans())
def test_sentences_to_documents_to_sentences_changes_no_word_and_no_entity(tokens, dice, in_documents):
    tags = []
    for words in tokens:
        before, row = "O", []
        for _ in words:
            before = dice.choice(["O", "B-X", "B-Y", *([f"I-{before[2:]}"] if before != "O" else [])])
            row.append(before)
        tags.append(row)
    ids = [str(number // 2) for number in range(len(tokens))] if in_documents else None
    file = join_sentences(Sentences(tokens, tags, list(range(1, len(tokens) + 1)), ids), FILE)
    again = tag_documents(file).sentences
    joined = [[*chain(*tokens[row : row + 2])] for row in range(0, len(tokens), 2)] if in_documents else tokens
    joined_tags = [[*chain(*tags[row : row + 2])] for row in range(0, len(tags), 2)] if in_documents else tags
    assert again.tokens == joined
    assert again.tags == joined_tags
