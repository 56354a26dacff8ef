"""Every setting of a run, as dataclasses that the command line, a configuration file or a spec fill."""
