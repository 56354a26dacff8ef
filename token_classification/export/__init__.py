"""A trained model in the format of a faster runtime, released only if it scores as before."""
