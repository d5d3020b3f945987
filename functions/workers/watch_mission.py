"""State machine mission, now and then: is everything still well with it?"""

from typing import Any

from jobs import mission_bootstrap, runtime
from jobs.adapters import messages
from jobs.adapters.stepfunctions import timestamp


def watch(job: Any) -> dict[str, Any]:
    ref = messages.ref_from(job)
    again = mission_bootstrap.watch_mission()(ref)
    runtime.logger.info("mission watched", tenant=ref.tenant, job_id=ref.id, again=again)
    return {"ended": True} if again is None else {"ended": False, "again": timestamp(again)}


lambda_handler = runtime.task(watch)
