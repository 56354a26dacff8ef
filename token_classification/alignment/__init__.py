"""Words become sub-tokens and windows; a ledger says which window owns which word."""
