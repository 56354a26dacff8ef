"""Encrypted `.tlt` archives of model folders."""
