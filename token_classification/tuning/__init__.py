"""A search for the settings with which a model scores best on development data."""
