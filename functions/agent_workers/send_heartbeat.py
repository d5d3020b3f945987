"""POST /workers/jobs/{jobId}/heartbeat: keep a claimed job, and tell how far it is."""

from jobs.agent_workers.api import parse, responses
from jobs.agent_workers.wiring import wiring
from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response


def send_heartbeat(request: Request) -> Response:
    body = parse.parse_body(request.json(), parse.HEARTBEAT)
    progress, piece = parse.to_progress(body.get("progress")), parse.to_piece(body)
    held = parse.parse_held(request, body["attempt"])
    return responses.renewed_response(wiring.answer_job.heartbeat(held, progress, piece))


lambda_handler = runtime.endpoint(
    send_heartbeat,
    on_error=responses.handle_error,
    headers=responses.HEADERS,
    needs=lambda: wiring.answer_job,
)
