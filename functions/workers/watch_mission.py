"""State machine mission: check the mission, and return the time of the next check."""

from typing import Any

from jobs.core.adapters import messages
from jobs.kit import lambda_handler as runtime
from jobs.kit.aws.stepfunctions import timestamp
from jobs.missions.wiring import wiring


def watch(job: Any) -> dict[str, Any]:
    ref = messages.ref_from(job)
    again = wiring.watch_mission(ref)
    runtime.logger.info("mission watched", tenant=ref.tenant, job_id=ref.id, again=again)
    return {"ended": True} if again is None else {"ended": False, "again": timestamp(again)}


lambda_handler = runtime.task(watch)
