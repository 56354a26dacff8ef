"""The commands that are no dialect's: one file each, its flags beside its function."""
