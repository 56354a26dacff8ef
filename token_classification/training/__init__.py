"""The Trainer and what belongs to it."""
