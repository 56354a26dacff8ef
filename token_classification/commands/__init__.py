"""The commands: one file each, its flags (`add_flags`) beside what it does (`run`); `cli.py` has the table."""
