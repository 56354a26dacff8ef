"""What a training step on the CPU does otherwise, and computes the same."""
