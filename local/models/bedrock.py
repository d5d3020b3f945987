"""Ask a model on Amazon Bedrock for one token: a list needs permissions that a key may lack."""

import os
import re
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import get_session

from jobs.kit.peer_message import redact
from local.models.model import BEDROCK_KEY, Model

TIMEOUT_S: Final = 4.5
_NO_ACCESS: Final = re.compile(r"access to the model", re.IGNORECASE)
_NO_MODEL: Final = re.compile(r"model identifier is invalid|model.{0,60}not found", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """`status` is 0 if nothing has answered. `words` are Bedrock's."""

    status: int = 0
    code: str = ""
    words: str = ""

    @property
    def is_about_model(self) -> bool:
        return _NO_ACCESS.search(self.words) is not None

    @property
    def is_unknown_model(self) -> bool:
        return self.code == "ResourceNotFoundException" or bool(_NO_MODEL.search(self.words))


def converse(model: Model) -> Failure | None:
    """Return why the model does not answer, or None. A throttled model would."""
    os.environ[BEDROCK_KEY] = model.key  # botocore takes it from there only
    config = Config(
        connect_timeout=TIMEOUT_S,
        proxies={},
        read_timeout=TIMEOUT_S,
        retries={"total_max_attempts": 1},
    )
    client: Any = get_session().create_client(
        "bedrock-runtime",
        region_name="eu-central-1",  # the endpoint and a bearer token have no need of it
        endpoint_url=model.base_url,
        config=config,
    )
    with closing(client):
        try:
            client.converse(
                modelId=model.name,
                messages=[{"role": "user", "content": [{"text": "Hello"}]}],
                inferenceConfig={"maxTokens": 1},
            )
        except ClientError as error:
            return _describe(error, model.key)
        except BotoCoreError:
            return Failure()
    return None


def _describe(error: ClientError, key: str) -> Failure | None:
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return None
    about = error.response["Error"]
    words = redact(about.get("Message", "") or f"HTTP {status}", key)
    return Failure(status=status, code=about.get("Code", ""), words=words)
