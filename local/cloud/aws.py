"""Access to the emulated AWS. The emulator accepts any credentials, so these are no secret."""

import boto3
from botocore.config import Config
from botocore.session import Session

REGION = "eu-central-1"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": REGION,
}


def create_session() -> boto3.Session:
    """Return a session that ignores the developer's own AWS settings and proxies."""
    session = Session()
    session.set_default_client_config(Config(proxies={}))
    return boto3.Session(
        botocore_session=session,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
