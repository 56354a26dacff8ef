"""What a Label Studio project asks for: which texts, under which names; and clear words where it can't be answered."""

import pytest

from token_classification.serving.errors import RequestError
from token_classification.serving.label_config import LabelName, TextField, read_label_config

MODEL = ("LOC", "ORG", "PER")
TEXT = '<Text name="text" value="$text"/>'


def read(*tags: str) -> list[TextField]:
    return read_label_config(f"<View>{''.join(tags)}</View>", MODEL)


def list_stored(field: TextField) -> dict[str, str]:
    return {label: name.label for label, name in field.labels.items()}


def test_a_plain_project():
    [field] = read('<Labels name="label" toName="text"><Label value="PER"/><Label value="LOC"/></Labels>', TEXT)
    assert field == TextField("text", "text", {"PER": LabelName("label", "PER"), "LOC": LabelName("label", "LOC")})


def test_what_is_none_of_ours_is_passed_over():
    [field] = read(
        '<Header value="Mark the names"/><Image name="image" value="$image"/>',
        '<Choices name="mood" toName="text"><Choice value="PER"/></Choices>',
        '<RectangleLabels name="box" toName="image"><Label value="PER"/></RectangleLabels>',
        '<Labels name="sound" toName="audio"><Label value="ORG"/></Labels><Audio name="audio" value="$audio"/>',
        '<View><Labels name="label" toName="text"><View><Label value="PER"/></View></Labels></View>',
        '<Text name="notes" value="$notes"/>',
        f"<View><View>{TEXT}</View></View>",
    )
    assert (field.tag, list_stored(field)) == ("text", {"PER": "PER"})


def test_several_texts_and_several_sets_of_labels():
    fields = read(
        '<Labels name="who" toName="head,body"><Label value="PER"/></Labels>',
        '<Labels name="where" toName="body"><Label value="LOC"/><Label value="PER"/></Labels>',
        '<Text name="body" value="$article.body"/><Text name="head" value="$head"/>',
    )
    assert fields == [
        TextField("head", "head", {"PER": LabelName("who", "PER")}),
        TextField("body", "article.body", {"PER": LabelName("who", "PER"), "LOC": LabelName("where", "LOC")}),
    ]


@pytest.mark.parametrize(
    ("labels", "stored"),
    [
        ('<Label value="PER" alias="P"/>', {"PER": "P"}),
        ('<Label value="Person" alias="PER"/>', {"PER": "PER"}),
        ('<Label value="Person" predicted_values="PER, human"/>', {"PER": "Person"}),
        ('<Label value="Person" alias="p" predicted_values="human,PER"/>', {"PER": "p"}),
        ('<Label value="Per"/><Label value="org"/>', {"PER": "Per", "ORG": "org"}),
        ('<Label value="per"/><Label value="PER"/>', {"PER": "PER"}),
        ('<Label value="PER"/><Label value="Name" predicted_values="PER,ORG"/>', {"PER": "Name", "ORG": "Name"}),
        ('<Label value="PER"/><Label value="Date"/><Label/>', {"PER": "PER"}),
    ],
)
def test_how_labels_are_stored(labels, stored):
    [field] = read(f'<Labels name="label" toName="text">{labels}</Labels>', TEXT)
    assert list_stored(field) == stored


LABELS = '<Labels name="label" toName="text"><Label value="PER"/></Labels>'
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><View>&b;</View>'


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (None, ["as XML", "<Labels", "<Text"]),
        (["<View/>"], ["as XML"]),
        ("", ["not well-formed", "line 1"]),
        ("<View>", ["not well-formed", "line 1"]),
        ("<View>\ud83d</View>", ["not well-formed"]),
        ("<View>\0</View>", ["not well-formed"]),
        (BOMB, ["<!DOCTYPE>", "without"]),
        ("<View></View>", ["marks nothing", "<Labels"]),
        (f"<View>{TEXT}</View>", ["marks <Text>", "<Labels"]),
        (f'<View>{LABELS}<Text name="other" value="$text"/></View>', ["<Labels> that mark a <Text>"]),
        (f'<View>{LABELS}<HyperText name="text" value="$html"/></View>', ["<HyperText>", "plain text", "<Text"]),
        (f'<View>{LABELS}<Audio name="text" value="$audio"/></View>', ["<Audio>", "<Text"]),
        (
            f'<View>{LABELS}<Text name="text" value="$url" valueType="url"/></View>',
            ['"text"', '"url"', "in the tasks"],
        ),
        (f'<View>{LABELS}<Text name="text" value="$text" encoding="base64"/></View>', ['"base64"', "as they are"]),
        (f'<View>{LABELS}<Text name="text" value="Title: $title"/></View>', ["Title: $title", 'value="$text"']),
        (f'<View>{LABELS}<Text name="text"/></View>', ['value=""', 'value="$text"']),
        (f"<View>{LABELS.replace('PER', 'Date')}{TEXT}</View>", ["(Date)", "(LOC, ORG, PER)", "predicted_values"]),
        (f'<View><Labels name="label" toName="text" value="$all"/>{TEXT}</View>', ["it has none", "LOC, ORG, PER"]),
    ],
)
def test_what_cannot_be_answered_says_why(config, words):
    with pytest.raises(RequestError) as refused:
        read_label_config(config, MODEL)
    assert (refused.value.status, refused.value.error_type) == (422, "label_config")
    assert [word for word in words if word not in refused.value.message] == []


def test_a_refusal_stays_short():
    names = "".join(f'<Label value="{"x" * 1000}{number}"/>' for number in range(1000))
    with pytest.raises(RequestError) as refused:
        read(f'<Labels name="{"n" * 100_000}" toName="text">{names}</Labels>', TEXT)
    assert len(refused.value.message) < 3000


def test_a_deep_configuration_is_read():
    depth = 200_000
    config = f"{'<View>' * depth}{LABELS}{TEXT}{'</View>' * depth}"
    assert len(read_label_config(config, MODEL)) == 1
