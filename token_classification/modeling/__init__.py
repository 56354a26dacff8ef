"""Tokenizer and model, with the label names in the model's config."""
