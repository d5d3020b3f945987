"""A tenant's webhooks: their secret and the log of deliveries."""

from typing import Any

from jobs.webhooks.adapters.secrets import dump_secrets
from jobs.webhooks.signature import new_secret
from tests.e2e.api import Api, eventually
from tests.e2e.cloud import Cloud


def signing(cloud: Cloud, tenant: str) -> str:
    """Store a signing secret for a tenant's webhooks; return it."""
    made = new_secret()
    cloud.client("secretsmanager").create_secret(
        Name=f"{cloud.stack.name}/webhooks/{tenant}", SecretString=dump_secrets([made])
    )
    return made


def deliveries(api: Api, job_id: str) -> Any:
    answer = api.get(f"/webhooks/deliveries?jobId={job_id}")
    assert answer.status == 200, answer
    return answer.json["deliveries"]


def until(api: Api, job_id: str, *states: str, seconds: float = 60) -> Any:
    """Return the job's deliveries once they have these states."""
    return eventually(
        lambda: deliveries(api, job_id),
        lambda found: [each["status"] for each in found] == [*states],
        seconds=seconds,
    )
