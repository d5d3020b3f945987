"""POST /workers/jobs/{jobId}/fail: end a claimed job without an answer, or have it retried."""

from jobs.agent_workers.api import parse, responses
from jobs.agent_workers.wiring import wiring
from jobs.kit import lambda_handler as runtime
from jobs.kit.http import Request, Response


def fail_job(request: Request) -> Response:
    body = parse.parse_body(request.json(), parse.FAIL)
    held = parse.parse_held(request, body["attempt"])
    if body.get("retryable"):
        after_s = body.get("retryAfterSeconds")
        return responses.failed_response(wiring.answer_job.retry(held, body["error"], after_s))
    wiring.answer_job.fail(held, body["error"])
    return responses.failed_response(None)


lambda_handler = runtime.endpoint(
    fail_job,
    on_error=responses.handle_error,
    headers=responses.HEADERS,
    needs=lambda: wiring.answer_job,
)
