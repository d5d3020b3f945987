"""`make deploy`: names, parameters, questions, and what it runs; AWS and sam are replaced."""

from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from local.cloud.template import load_template
from local.kit.paths import ROOT
from scripts import deploy, questions
from scripts.release import compute_release

DEFINITIONS = load_template(ROOT / "template.yaml")["Parameters"]
DEFAULTS = {name: str(each["Default"]) for name, each in DEFINITIONS.items()}


@pytest.mark.parametrize("name", ["sortie-dev", "s", "a" * 50])
def test_stack_name_that_makes_a_domain_is_accepted(name) -> None:
    assert deploy.check_stack_name(name) is None


@pytest.mark.parametrize("name", [
    "", "Sortie", "1st", "-a", "a_b", "a b", "my-aws-jobs", "amazon", "cognito-jobs", "a" * 51,
])  # fmt: skip
def test_stack_name_that_breaks_the_domain_is_refused(name) -> None:
    assert deploy.check_stack_name(name)


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "ap-southeast-7"])
def test_region_code_is_accepted(region) -> None:
    assert deploy.check_region(region) is None


@pytest.mark.parametrize("region", ["", "frankfurt", "eu-central", "eu-central-1a"])
def test_other_text_is_no_region(region) -> None:
    assert deploy.check_region(region)


# ── Parameters ──────────────────────────────────────────────────────────────────


def test_stated_parameter_wins_over_the_stacks_and_the_default() -> None:
    stack = deploy.DeployedStack(
        "UPDATE_COMPLETE", {"RetentionHours": "48", "Stage": "dev", "Removed": "x"}
    )

    merged = deploy.merge_parameters(DEFINITIONS, stack, {"Stage": "prod"})

    assert merged == DEFAULTS | {"RetentionHours": "48", "Stage": "prod"}


def test_unknown_parameter_is_refused() -> None:
    with pytest.raises(deploy.DeployError, match="no parameter Stagge"):
        deploy.merge_parameters(DEFINITIONS, None, {"Stagge": "prod"})


def test_release_depends_on_build_and_each_other_parameter() -> None:
    releases = {
        compute_release("build", DEFAULTS),
        compute_release("other", DEFAULTS),
        *(compute_release("build", DEFAULTS | {n: "other"}) for n in DEFAULTS if n != "Release"),
    }

    assert len(releases) == len(DEFAULTS) + 1
    assert compute_release("build", DEFAULTS | {"Release": "x"}) in releases


# ── Questions ───────────────────────────────────────────────────────────────────


@pytest.fixture
def answers(monkeypatch):
    """Answer the questions that contain these texts; all others with Enter."""
    asked: list[str] = []

    def type_in(**wanted: str) -> list[str]:
        pending = {name: [*value.split("|")] for name, value in wanted.items()}

        def answer(question: str) -> str:
            name = question.split(" [", maxsplit=1)[0]
            asked.append(name)
            return pending[name].pop(0) if pending.get(name) else ""

        monkeypatch.setattr("builtins.input", answer)
        return asked

    return type_in


def test_questions_answered_with_enter_keep_all_values(answers) -> None:
    asked = answers()

    assert questions.ask_parameters(DEFINITIONS, DEFAULTS) == DEFAULTS
    assert "AlarmEmail" in asked
    assert not {"Release", "WebhooksToLoopback", "PayTo"} & {*asked}


def test_invalid_answer_is_asked_again(answers, capsys) -> None:
    asked = answers(RetentionHours="2|x|48", Architecture="mips|x86_64", Payments="required")

    made = questions.ask_parameters(DEFINITIONS, DEFAULTS)

    assert (made["RetentionHours"], made["Architecture"]) == ("48", "x86_64")
    assert asked.count("RetentionHours") == 3
    assert "from 24 to 8760" in capsys.readouterr().out
    assert "PayTo" in asked


def test_dash_empties_a_value(answers) -> None:
    answers(AlarmEmail="-", PublicUrl="https://api.example.com")

    made = questions.ask_parameters(DEFINITIONS, DEFAULTS | {"AlarmEmail": "me@example.com"})

    assert (made["AlarmEmail"], made["PublicUrl"]) == ("", "https://api.example.com")


def test_payment_questions_are_parameters_of_the_template() -> None:
    assert DEFINITIONS.keys() >= questions.ONLY_WITH_PAYMENTS | questions.NOT_ASKED


def test_only_answers_that_are_no_defaults_are_saved() -> None:
    answers = DEFAULTS | {"RetentionHours": "48"}

    saved = deploy.stated_answers(answers, DEFINITIONS, {"Stage": "dev"})

    assert saved == {"Stage": "dev", "RetentionHours": "48"}


# ── Deploying ───────────────────────────────────────────────────────────────────


@pytest.fixture
def aws(monkeypatch):
    """Replace AWS, the build and sam; record what is deployed."""
    made = SimpleNamespace(stack=None, deployed=[], built=[], log_role=None)

    class Session:
        def __init__(self, **_) -> None:
            pass

        def client(self, _name):
            return SimpleNamespace(get_caller_identity=lambda: {"Account": "123456789012"})

    def record(settings, parameters, _config, *, ask) -> None:
        made.deployed.append((settings, parameters, ask))

    monkeypatch.setattr("boto3.Session", Session)
    monkeypatch.setattr(deploy, "find_stack", lambda *_: made.stack)
    monkeypatch.setattr(deploy, "build", lambda architecture: made.built.append(architecture) or "")
    monkeypatch.setattr(deploy, "set_api_log_role", lambda _: made.log_role)
    monkeypatch.setattr(deploy, "deploy", record)
    return made


@pytest.fixture
def command(monkeypatch, tmp_path):
    config = tmp_path / "samconfig.toml"
    config.write_text((ROOT / "samconfig.toml").read_text())

    def run(*options: str) -> int:
        monkeypatch.setattr("sys.argv", ["deploy", "--config", str(config), *options])
        return deploy.main()

    return run


def test_first_deployment_protects_tables_only_once_they_exist(aws, command) -> None:
    assert command("--stage", "prod") == 0

    first, second = aws.deployed
    assert (first[1]["DeletionProtection"], first[2]) == ("false", True)
    assert (second[1]["DeletionProtection"], second[2]) == ("true", False)
    assert first[1]["Release"] == second[1]["Release"]


def test_later_deployment_keeps_the_protection(aws, command) -> None:
    aws.stack = deploy.DeployedStack("UPDATE_COMPLETE", {})

    assert command("--stage", "prod") == 0

    [(settings, parameters, _)] = aws.deployed
    assert parameters["DeletionProtection"] == "true"
    assert settings.stack == "sortie-prod"


def test_stack_that_was_rolled_back_is_not_deployed(aws, command, capsys) -> None:
    aws.stack = deploy.DeployedStack("ROLLBACK_COMPLETE", {})

    assert command("--region", "us-east-1") == 1
    assert aws.deployed == []
    assert "delete-stack --stack-name sortie-dev --region us-east-1" in capsys.readouterr().err


def test_unusable_stack_name_deploys_nothing(aws, command, capsys) -> None:
    assert command("--stack", "My-AWS") == 1
    assert aws.deployed == []
    assert "lower-case" in capsys.readouterr().err


def test_command_names_stack_region_and_account(aws, command, capsys) -> None:
    assert command("--region", "us-east-1") == 0
    assert "Stack sortie-dev in us-east-1, account 123456789012" in capsys.readouterr().out


def test_command_says_that_it_has_set_the_accounts_log_role(aws, command, capsys) -> None:
    aws.log_role = "arn:aws:iam::123456789012:role/api-gateway-logs"

    assert command() == 0
    assert f"writes the account's logs in eu-central-1 with {aws.log_role}" in (
        capsys.readouterr().out
    )


def test_guided_answers_are_deployed_and_kept_for_the_next_one(aws, command, answers) -> None:
    answers(Region="us-west-2", Architecture="x86_64", **{"Stack name": "mine"})
    assert command("--guided") == 0

    assert command() == 0

    first, second = aws.deployed
    assert aws.built == ["x86_64", "x86_64"]
    assert (second[0].stack, second[0].region) == ("mine", "us-west-2")
    assert first[1] == second[1]


def cloudformation_with(*found, error: str = ""):
    def describe_stacks(StackName):  # noqa: N803
        if error:
            raise ClientError({"Error": {"Code": error}}, "DescribeStacks")
        return {"Stacks": [*found]}

    return SimpleNamespace(describe_stacks=describe_stacks)


@pytest.mark.parametrize("cloudformation", [
    cloudformation_with(error="ValidationError"),
    cloudformation_with({"StackStatus": "REVIEW_IN_PROGRESS"}),
], ids=["unknown", "never executed"])  # fmt: skip
def test_stack_that_no_deployment_has_created_is_none(cloudformation) -> None:
    assert deploy.find_stack(cloudformation, "mine") is None


def test_found_stack_has_its_parameters_and_outputs() -> None:
    found = {
        "StackStatus": "UPDATE_COMPLETE",
        "Parameters": [{"ParameterKey": "Stage", "ParameterValue": "dev"}],
        "Outputs": [{"OutputKey": "ApiUrl", "OutputValue": "https://x"}],
    }

    stack = deploy.find_stack(cloudformation_with(found), "mine")

    assert stack == deploy.DeployedStack(
        "UPDATE_COMPLETE", {"Stage": "dev"}, {"ApiUrl": "https://x"}
    )


def test_refused_question_about_the_stack_is_an_error() -> None:
    with pytest.raises(ClientError):
        deploy.find_stack(cloudformation_with(error="AccessDenied"), "mine")
