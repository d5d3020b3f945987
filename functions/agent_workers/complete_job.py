"""POST /workers/jobs/{jobId}/complete: answer a claimed job."""

from jobs.agent_workers.api import parse, responses
from jobs.agent_workers.wiring import wiring
from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response


def complete_job(request: Request) -> Response:
    sent = request.json()
    body = parse.parse_body(sent, parse.COMPLETE)
    piece = parse.to_piece(body)
    held = parse.parse_held(request, body["attempt"])
    wiring.answer_job.complete(held, sent.get("content"), sent.get("metadata"), piece)
    return responses.completed_response()


lambda_handler = runtime.endpoint(
    complete_job,
    on_error=responses.handle_error,
    headers=responses.HEADERS,
    needs=lambda: wiring.answer_job,
)
