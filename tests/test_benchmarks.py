"""The benchmarks measure both sides on any machine; what they measure is no matter of a test."""

import argparse
import math

import pytest
import train_speed

from token_classification.hardware import multiplies_bf16


@pytest.mark.parametrize("side", train_speed.SIDES)
def test_training_is_measured(side, bert_folder, conll_file):
    options = argparse.Namespace(
        model=str(bert_folder),
        train_file=str(conll_file),
        validation_file=str(conll_file),
        side=side,
        batch_sizes=[2],
        epochs=1.0,
        seed=0,
        stock_precision="no",
    )
    measured = train_speed.measure(options)
    assert measured.keys() == {"samples_per_second", "tokens_per_second", "gflops", "peak_memory", "f1"}
    assert all(math.isfinite(value) for value in measured.values())
    # Sentences have several sub-tokens each.
    assert measured["tokens_per_second"] > 2 * measured["samples_per_second"] > 0


def test_the_peak_of_bf16_is_measured_where_there_are_units_for_it():
    # Elsewhere a single product takes minutes.
    assert ("bfloat16" in train_speed.measure_peaks()) == multiplies_bf16()
