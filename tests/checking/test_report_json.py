"""The findings for programs."""

import json

from checked_splits import examine_odd_words

from token_classification.checking.report_json import format_json


def test_findings_with_their_first_ten_places():
    content = json.loads(format_json(examine_odd_words(12)))
    assert (content["exit_code"], content["scheme"]) == (1, "iob2")
    assert content["splits"][0]["sentences"] == 12
    (finding,) = content["findings"]
    assert {name: finding[name] for name in ("kind", "severity", "count")} == {
        "kind": "odd_word",
        "severity": "warning",
        "count": 12,
    }
    assert [place["line"] for place in finding["examples"]] == list(range(1, 11))
    assert finding["examples"][0]["file"] == "train.jsonl"
