"""Tests of token_classification.redaction."""
