"""The comment at the top of the template lists the template's parts."""

import re

from tests.architecture.template import ROOT


def test_contents_list_the_features_in_the_order_of_the_template() -> None:
    text = (ROOT / "template.yaml").read_text()
    _, _, after = text.partition("\n# Contents.")
    lines = after.partition("\n\n")[0].splitlines()
    listed = [
        found[1] for line in lines if (found := re.match(r"#   (\w+(?: \w+)*)(?:  |$)", line))
    ]
    features = re.findall(r"^  # ══ ([\w ]+?)(?::.*)? ═+$", text, re.MULTILINE)

    assert features
    assert listed == [*features, "Outputs"]
