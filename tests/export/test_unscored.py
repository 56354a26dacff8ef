"""The made-up sentences that an unscored export is compared with its model on."""

from token_classification.export.unscored import LONGEST, SENTENCES, draw_sentences


def test_sentences_are_words_of_any_vocabulary(any_tokenizer):
    sentences = draw_sentences(any_tokenizer)
    assert sentences == draw_sentences(any_tokenizer)
    assert len(sentences) == SENTENCES
    assert all(1 <= len(words) <= LONGEST for words in sentences)
    words = {word for sentence in sentences for word in sentence}
    assert len(words) > 20
    assert all(word.isalnum() for word in words)
