"""Jobs as rows, and back."""

import json
from collections.abc import Mapping
from typing import Any, Final

from jobs.core.adapters.webhook_text import webhook_from, webhook_text
from jobs.core.failure import Failure
from jobs.core.job import Job
from jobs.core.kind import Storages
from jobs.core.status import JobStatus
from jobs.core.tokens import Tokens
from jobs.kit.errors import FailureClass
from jobs.kit.sqlite.database import Schema

HEADER: Final = (
    "tenant", "kind", "id", "status", "sequence", "attempt", "created_at", "changed_at", "deadline",
    "lease_until", "ended_at", "retention", "expires_at", "key_id", "webhook", "handle", "error",
    "failure_class", "tokens_in", "tokens_out", "details",
)  # fmt: skip


def _object(image: str) -> str:
    """Return the SQL of a header as a JSON object, with its details as text.

    What `json_patch` has just returned would be put in as an object, hence the empty text.
    """
    values = ", ".join(f"'{name}', {image}.{name}" for name in HEADER)
    return f"json_object({values} || '')"


SCHEMA: Final = Schema(
    "jobs",
    (
        f"""
        CREATE TABLE jobs (
            tenant TEXT NOT NULL,
            kind TEXT NOT NULL,
            id TEXT NOT NULL,
            status TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            changed_at INTEGER NOT NULL,
            deadline INTEGER NOT NULL,
            lease_until INTEGER NOT NULL,
            ended_at INTEGER,
            retention INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            key_id TEXT,
            webhook TEXT,
            handle TEXT,
            error TEXT,
            failure_class TEXT,
            tokens_in INTEGER NOT NULL,
            tokens_out INTEGER NOT NULL,
            details TEXT NOT NULL,
            request TEXT NOT NULL, -- bodies last: who reads the status need not read them
            result TEXT,
            UNIQUE (tenant, kind, id)
        );
        CREATE INDEX jobs_by_status ON jobs (tenant, kind, status, id);
        CREATE INDEX jobs_by_expiry ON jobs (expires_at);
        CREATE INDEX jobs_leased ON jobs (lease_until) WHERE status = 'RUNNING';
        CREATE INDEX jobs_waiting ON jobs (details ->> 'waiting', details ->> 'rank')
            WHERE details ->> 'waiting' IS NOT NULL;
        CREATE TABLE idempotency_keys (
            tenant TEXT NOT NULL,
            kind TEXT NOT NULL,
            key TEXT NOT NULL,
            job_id TEXT NOT NULL,
            request_hash TEXT NOT NULL,
            expires_at INTEGER NOT NULL,
            UNIQUE (tenant, kind, key)
        );
        CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);

        CREATE TRIGGER jobs_added AFTER INSERT ON jobs BEGIN
            INSERT INTO outbox (topic, body) VALUES ('jobs', json_object('new', {_object("NEW")}));
        END;
        CREATE TRIGGER jobs_changed AFTER UPDATE ON jobs
            WHEN NEW.status <> OLD.status OR NEW.deadline <> OLD.deadline BEGIN
            INSERT INTO outbox (topic, body) VALUES (
                'jobs', json_object('new', {_object("NEW")}, 'old', {_object("OLD")})
            );
        END;
        CREATE TRIGGER jobs_ended AFTER UPDATE OF ended_at ON jobs
            WHEN NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL BEGIN
            SELECT wake('job:' || NEW.id);
        END;
        CREATE TRIGGER jobs_deleted AFTER DELETE ON jobs
            WHEN NOT (is_sweep() AND OLD.ended_at IS NOT NULL) BEGIN
            INSERT INTO outbox (topic, body) VALUES ('jobs', json_object('old', {_object("OLD")}));
        END;
        """,
    ),
    expiring=("jobs", "idempotency_keys"),
)
"""The triggers report what DynamoDB's stream does. An expired job is no longer counted, so its
deletion is no change.
"""


def to_text(body: Mapping[str, Any]) -> str:
    """Serialize a body as JSON text, which keeps floats, big integers and the order of keys."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


class JobRows:
    """Jobs with the details of their kinds."""

    def __init__(self, storages: Storages) -> None:
        self._storages = storages

    def to_row(self, job: Job) -> dict[str, str | int | None]:
        """Return the values of a row. In `details`, an attribute without value is null."""
        storage = self._storages(job.kind)
        return {
            "tenant": job.tenant,
            "kind": job.kind,
            "id": job.id,
            "status": job.status.value,
            "sequence": job.sequence,
            "attempt": job.attempt,
            "created_at": job.created_at,
            "changed_at": job.changed_at,
            "deadline": job.deadline,
            "lease_until": job.lease_until,
            "ended_at": job.ended_at,
            "retention": job.retention,
            "expires_at": job.gone_at,
            "key_id": job.key_id,
            "webhook": webhook_text(job.webhook),
            "handle": job.handle,
            "error": job.failure.reason if job.failure else None,
            "failure_class": job.failure.failure_class.value if job.failure else None,
            "tokens_in": job.tokens.read,
            "tokens_out": job.tokens.written,
            "details": to_text({**dict.fromkeys(storage.attributes), **storage.dump(job)}),
            "request": to_text(job.request),
            "result": None if job.result is None else to_text(job.result),
        }

    def to_job(self, row: Mapping[str, Any]) -> Job:
        result = row["result"]
        return Job(
            id=row["id"],
            tenant=row["tenant"],
            kind=row["kind"],
            request=json.loads(row["request"]),
            created_at=row["created_at"],
            changed_at=row["changed_at"],
            deadline=row["deadline"],
            retention=row["retention"],
            status=JobStatus(row["status"]),
            sequence=row["sequence"],
            attempt=row["attempt"],
            lease_until=row["lease_until"],
            ended_at=row["ended_at"],
            result=None if result is None else json.loads(result),
            failure=_to_failure(row),
            handle=row["handle"],
            webhook=webhook_from(row["webhook"]),
            key_id=row["key_id"],
            tokens=Tokens(row["tokens_in"], row["tokens_out"]),
            details=self._storages(row["kind"]).load(json.loads(row["details"])),
        )

    def to_header(self, row: Mapping[str, Any]) -> Job:
        """Deserialize a row without its bodies."""
        return self.to_job({**row, "request": "{}", "result": None})


def _to_failure(row: Mapping[str, Any]) -> Failure | None:
    if row["error"] is None:
        return None
    return Failure(row["error"], FailureClass(row["failure_class"]))
