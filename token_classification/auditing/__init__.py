"""Which labels of a file are wrong: models that did not see them contradict, and a person decides."""
