"""Sentences as other people write them: in other letters, with typing errors, other punctuation, blanks and names."""
