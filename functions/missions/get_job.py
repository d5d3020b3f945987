"""GET /v3/jobs/{jobId}: read a mission, and its track if asked."""

from jobs.kit.http import Request, Response
from jobs.missions.api import query as missions_query
from jobs.missions.api import responses as missions
from jobs.missions.api.endpoint import missions_endpoint
from jobs.missions.keep_track import MAX_POINTS
from jobs.missions.partner import Caller, Role
from jobs.missions.wiring import wiring


def get_job(request: Request, caller: Caller) -> Response:
    with_track = missions_query.parse_track(request)
    job = wiring.core.get_job(missions_query.parse_ref(request, caller))
    track = wiring.tracks.of(job.id, limit=MAX_POINTS) if with_track else None
    return missions.job_response(job, track)


lambda_handler = missions_endpoint(
    get_job, role=Role.VIEWER, needs=lambda: (wiring.core.get_job, wiring.tracks)
)
