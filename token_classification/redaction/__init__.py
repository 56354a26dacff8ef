"""Entities to substitutes: a text in which nobody is named, and an encrypted mapping that gives the names back."""
