"""Lambda handlers: logging, error responses and partial batch failures."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from jobs.kit.errors import RefusedError
from jobs.kit.http import Request, Response

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

logger = Logger()


class RetryLaterError(Exception):
    """SQS shall redeliver this message. This is not a failure."""


type Event = dict[str, Any]
type LambdaHandler = Callable[[Event, LambdaContext], Any]
type Endpoint = Callable[[Request], Response]
type ErrorHandler = Callable[[Exception, Request], Response]


def endpoint(
    respond: Endpoint, *, on_error: ErrorHandler, headers: Mapping[str, str]
) -> LambdaHandler:
    """Return the Lambda handler of an endpoint. `on_error` converts every error to a response."""

    def lambda_handler(event: Event, context: LambdaContext) -> Any:
        request = Request(event)
        logger.set_correlation_id(request.id)
        log_caller((event["requestContext"].get("authorizer") or {}).get("tenant"))
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

    return logger.inject_lambda_context(lambda_handler, clear_state=True)


def task(work: Callable[[Any], Any]) -> LambdaHandler:
    """Return the Lambda handler of a task of a state machine or the gateway."""

    def lambda_handler(event: Event, context: LambdaContext) -> Any:
        return work(event)

    return logger.inject_lambda_context(lambda_handler, clear_state=True)


def stream(work: Callable[[Any], None]) -> LambdaHandler:
    """Return a Lambda handler that processes a stream's records in order.

    It stops at the first failure: Lambda retries that record and all later ones. It leaves out a
    record that AWS refuses for good: all others would wait behind it.
    """

    def lambda_handler(event: Event, context: LambdaContext) -> Any:
        for record in event["Records"]:
            try:
                work(record)
            except RefusedError:
                logger.exception("record refused for good, left out")
            except Exception:
                logger.exception("record failed, Lambda will retry it")
                failed = record["dynamodb"]["SequenceNumber"]
                return {"batchItemFailures": [{"itemIdentifier": failed}]}
        return {"batchItemFailures": []}

    return logger.inject_lambda_context(lambda_handler, clear_state=True)


def stream_batch(work: Callable[[Any], None]) -> LambdaHandler:
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

    return task(process)


def queue(work: Callable[[Any], None]) -> LambdaHandler:
    """Return a Lambda handler that processes a queue's messages and reports those that fail."""

    def one(record: "SQSRecord") -> None:
        try:
            work(record.raw_event)
        except RetryLaterError:
            raise
        except Exception:  # the batch processor does not log it
            logger.exception("message failed, SQS will redeliver it")
            raise

    def lambda_handler(event: Event, context: LambdaContext) -> Any:
        from aws_lambda_powertools.utilities.batch import (  # noqa: PLC0415 - 84 ms, for queues only
            BatchProcessor,
            EventType,
            process_partial_response,
        )

        return process_partial_response(
            event=event,
            record_handler=one,
            processor=BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False),
            context=context,
        )

    return logger.inject_lambda_context(lambda_handler, clear_state=True)


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
