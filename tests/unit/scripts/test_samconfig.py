from pathlib import Path

import pytest

from scripts.samconfig import SamConfig, SamConfigError, Settings

ROOT = Path(__file__).parents[3]
OLD = """\
# kept
[dev.global.parameters]
stack_name = "mine"
region = "eu-west-1"

[dev.deploy.parameters]
parameter_overrides = "Stage=dev AlarmEmail=\\"me@example.com\\" PublicUrl="
confirm_changeset = true
"""


@pytest.fixture
def config(tmp_path) -> Path:
    file: Path = tmp_path / "samconfig.toml"
    file.write_text((ROOT / "samconfig.toml").read_text())
    return file


def test_own_samconfig_has_settings_of_both_stages() -> None:
    config = SamConfig.read(ROOT / "samconfig.toml")

    assert config.settings("dev").stack == "sortie-dev"
    assert config.settings("prod").parameters["DeletionProtection"] == "true"


def test_saved_settings_are_read_again(config) -> None:
    wanted = Settings(
        stage="dev", stack="mine", region="us-east-1", parameters={"AlarmEmail": "me@example.com"}
    )

    SamConfig.read(config).save(wanted)

    assert SamConfig.read(config).settings("dev") == wanted
    assert SamConfig.read(config).find("mine") == wanted
    assert "# `make deploy` (dev)" in config.read_text()


def test_overrides_of_older_files_are_read(tmp_path) -> None:
    file = tmp_path / "samconfig.toml"
    file.write_text(OLD)

    settings = SamConfig.read(file).settings("dev")

    assert settings.parameters == {"Stage": "dev", "AlarmEmail": "me@example.com", "PublicUrl": ""}
    SamConfig.read(file).save(settings)
    assert SamConfig.read(file).settings("dev") == settings
    assert file.read_text().startswith("# kept")


def test_new_stage_is_like_dev_with_a_stack_of_its_own(config) -> None:
    read = SamConfig.read(config)

    settings = read.add_stage("test")
    read.save(settings)

    assert (settings.stack, settings.parameters["Stage"]) == ("sortie-test", "test")
    assert 'tags = "application=sortie stage=test"' in config.read_text()
    assert SamConfig.read(config).settings("test") == settings
    assert SamConfig.read(config).settings("dev").stack == "sortie-dev"


def test_unknown_stage_is_explained(config) -> None:
    with pytest.raises(SamConfigError, match="STAGE=test"):
        SamConfig.read(config).settings("test")


@pytest.mark.parametrize("content", [None, "= no toml"])
def test_unreadable_file_is_explained(tmp_path, content) -> None:
    file = tmp_path / "samconfig.toml"
    if content is not None:
        file.write_text(content)

    with pytest.raises(SamConfigError, match="cannot read"):
        SamConfig.read(file)
