"""How a score grows with the training data, and what more of them should bring."""
