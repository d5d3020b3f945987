"""Calls of the emulated AWS pass by the developer's proxies."""

import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from local.cloud.aws import create_session


@pytest.mark.parametrize("config", [None, Config(retries={"max_attempts": 0})])
def test_call_of_the_emulator_uses_no_proxy(monkeypatch, config) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    sts = create_session().client("sts", endpoint_url="http://127.0.0.1:9", config=config)

    with pytest.raises(EndpointConnectionError):
        sts.get_caller_identity()
