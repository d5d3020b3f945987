"""Lambda handlers: logging, error responses and partial batch failures.

Each kind of handler takes `needs`, which names what Lambda's init makes for the first call.
"""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol, cast

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from jobs.kit.errors import RefusedError
from jobs.kit.http import Request, Response
from jobs.kit.lambda_init import Needs, end_init, make_ahead, no_needs

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

logger = Logger()


class RetryLaterError(Exception):
    """SQS shall redeliver this message. This is not a failure."""


type Event = dict[str, Any]
type Work = Callable[[Any], Any]
type Endpoint = Callable[[Request], Response]
type ErrorHandler = Callable[[Exception, Request], Response]


class LambdaHandler(Protocol):
    """What Lambda calls. `work` is the same without Lambda, for a server that calls it in threads.

    The context of log lines belongs to a Lambda's single invocation, so `work` does not set it.
    """

    work: Work

    def __call__(self, event: Event, context: LambdaContext) -> Any: ...


def endpoint(
    respond: Endpoint,
    *,
    on_error: ErrorHandler,
    headers: Mapping[str, str],
    needs: Needs = no_needs,
) -> LambdaHandler:
    """Return the Lambda handler of an endpoint. `on_error` converts every error to a response."""

    def answer(event: Event) -> Any:
        request = Request(event)
        try:
            response = respond(request)
        except Exception as error:  # the caller always gets a response
            response = on_error(error, request)
            if response.status == HTTPStatus.INTERNAL_SERVER_ERROR:
                logger.exception("unexpected error")
        logger.info("answered", extra={"status": int(response.status), **about(response.body)})
        return {
            "statusCode": int(response.status),
            "headers": {
                "Content-Type": response.content_type,
                **headers,
                **request.answer_headers,
                **response.headers,
            },
            "body": response.text,
        }

    def handle(event: Event, context: LambdaContext) -> Any:
        logger.set_correlation_id(str(event["requestContext"].get("requestId", "")))
        log_caller((event["requestContext"].get("authorizer") or {}).get("tenant"))
        return answer(event)

    return _finish(handle, needs, answer)


def task(work: Work, *, needs: Needs = no_needs) -> LambdaHandler:
    """Return the Lambda handler of a task of a state machine or the gateway."""

    def handle(event: Event, context: LambdaContext) -> Any:
        return work(event)

    return _finish(handle, needs, work)


def stream(
    work: Callable[[Any], None], *, threads: int = 1, needs: Needs = no_needs
) -> LambdaHandler:
    """Return a Lambda handler that processes a stream's records, those of an item in order.

    A failure stops the records of its item. Lambda retries the first failed record and all later
    ones. A record that AWS refuses for good is left out: all others would wait behind it.
    """

    def process(records: Sequence[Any]) -> str | None:
        """Return the failed record."""
        for record in records:
            try:
                work(record)
            except RefusedError:
                logger.exception("record refused for good, left out")
            except Exception:
                logger.exception("record failed, Lambda will retry it")
                return str(record["dynamodb"]["SequenceNumber"])
        return None

    def handle(event: Event, context: LambdaContext) -> Any:
        records = event["Records"]
        groups = _group_by_item(records) if threads > 1 else [records]
        if len(groups) == 1:
            results = [process(records)]
        else:
            from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - for batches only

            with ThreadPoolExecutor(threads) as pool:
                results = [*pool.map(process, groups)]
        failed = {number for number in results if number}
        if not failed:
            return {"batchItemFailures": []}
        numbers = [str(record["dynamodb"]["SequenceNumber"]) for record in records]
        first = next(number for number in numbers if number in failed)
        return {"batchItemFailures": [{"itemIdentifier": first}]}

    return _finish(handle, needs, work)


def _group_by_item(records: Sequence[Any]) -> Sequence[Sequence[Any]]:
    groups: dict[str, list[Any]] = {}
    for record in records:
        groups.setdefault(str(record["dynamodb"].get("Keys")), []).append(record)
    return [*groups.values()]


def stream_batch(work: Callable[[Any], None], *, needs: Needs = no_needs) -> LambdaHandler:
    """Return a Lambda handler that processes a batch of a stream's records at once.

    Lambda halves and retries a batch that fails. A single record that AWS refuses for good is left
    out: all others would wait behind it.
    """

    def process(event: Event) -> None:
        records = event["Records"]
        try:
            work(records)
        except RefusedError:
            if len(records) > 1:
                raise
            logger.exception("record refused for good, left out")

    return task(process, needs=needs)


def queue(work: Callable[[Any], None], *, needs: Needs = no_needs) -> LambdaHandler:
    """Return a Lambda handler that processes a queue's messages and reports those that fail."""
    from aws_lambda_powertools.utilities.batch import (  # noqa: PLC0415 - 84 ms, for queues only
        BatchProcessor,
        EventType,
        process_partial_response,
    )

    def one(record: "SQSRecord") -> None:
        try:
            work(record.raw_event)
        except RetryLaterError:
            raise
        except Exception:  # the batch processor does not log it
            logger.exception("message failed, SQS will redeliver it")
            raise

    def handle(event: Event, context: LambdaContext) -> Any:
        return process_partial_response(
            event=event,
            record_handler=one,
            processor=BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False),
            context=context,
        )

    return _finish(handle, needs, work)


def queue_batch(
    work: Callable[[Any], Mapping[str, BaseException]], *, needs: Needs = no_needs
) -> LambdaHandler:
    """Return a Lambda handler that processes a queue's messages at once.

    `work` returns the failures by the messages' ids; SQS redelivers these messages.
    """

    def handle(event: Event, context: LambdaContext) -> Any:
        failures = work(event["Records"])
        for failure in failures.values():
            logger.error("message failed, SQS will redeliver it", exc_info=failure)
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failures]}

    return _finish(handle, needs, work)


def _finish(
    handle: Callable[[Event, LambdaContext], Any], needs: Needs, work: Work
) -> LambdaHandler:
    """Return a handler that ends Lambda's init and logs the context of each call."""
    make_ahead(needs)

    def lambda_handler(event: Event, context: LambdaContext) -> Any:
        end_init()
        return handle(event, context)

    finished: Any = logger.inject_lambda_context(lambda_handler, clear_state=True)
    finished.work = work
    return cast("LambdaHandler", finished)


def log_caller(tenant: str | None) -> None:
    """Add the tenant to all further log lines of this invocation."""
    if tenant:
        logger.append_keys(tenant=tenant)


def about(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the loggable fields of a response: the job and the error code."""
    fields = {**body, **body.get("job", {})}
    return {
        name: str(fields[key])
        for name, key in (("job_id", "jobId"), ("job_status", "status"), ("code", "code"))
        if key in fields
    }
