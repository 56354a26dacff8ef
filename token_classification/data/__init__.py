"""First station: files and hub data sets become splits of words and tags, then a label set."""
