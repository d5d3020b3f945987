"""New code reaches callers gradually, and rolls back on alarms."""

import json
import re

from local.cloud.omit import find_references
from tests.architecture.template import of_type


def test_canary_deployments_roll_back_on_the_same_alarms(functions, alarms) -> None:
    gradual = {n: each for n, each in functions.items() if "DeploymentPreference" in each}
    [preference] = {json.dumps(each["DeploymentPreference"]) for each in gradual.values()}

    assert set(find_references(json.loads(preference)["Alarms"])) <= alarms.keys()
    assert json.loads(preference)["Enabled"] == {"Ref": "SafeDeploys"}
    for name, each in gradual.items():
        assert each["AutoPublishAlias"] == "live", name
        assert each["AutoPublishAliasAllProperties"], name


def test_functions_that_create_or_run_jobs_deploy_as_canary(functions) -> None:
    """A mistake shows here first, as these handle all work."""
    gradual = {name for name, each in functions.items() if "DeploymentPreference" in each}
    creates = {
        name
        for name, each in functions.items()
        if re.search(
            r"create_job|stream_job|stream_message|request_job|send_message", each["Handler"]
        )
    }
    runs = {name for name in functions if re.fullmatch(r"Run\w+Function", name)}

    assert creates | runs | {"AuthorizeApiKeyFunction", "DeliverWebhookFunction"} <= gradual


def test_changed_layer_publishes_new_function_versions(resources) -> None:
    for name, layer in of_type(resources, "AWS::Serverless::LayerVersion").items():
        assert layer["PublishLambdaVersion"], name
