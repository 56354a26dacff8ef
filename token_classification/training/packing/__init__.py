"""Several windows in a row: the batch of the same windows, with hardly any padding."""
