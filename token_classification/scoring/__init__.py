"""The one prediction loop, decoding, and the one definition of each score."""
