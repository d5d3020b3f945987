"""How Lambda runs the handlers: logging, and no exception ever leaves an API function."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from jobs.kit.http import Request, Response

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

logger = Logger()


class AgainError(Exception):
    """A message that is to come again although nothing is wrong here."""


type Event = dict[str, Any]
type LambdaHandler = Callable[[Event, LambdaContext], Any]
type Endpoint = Callable[[Request], Response]
type Refusal = Callable[[Exception, Request], Response]


def endpoint(answer: Endpoint, *, refuse: Refusal, headers: Mapping[str, str]) -> LambdaHandler:
    """Make a Lambda handler of an endpoint. `refuse` words every failure as its dialect does."""

    def lambda_handler(event: Event, context: LambdaContext) -> Any:
        request = Request(event)
        logger.set_correlation_id(request.id)
        log_caller((event["requestContext"].get("authorizer") or {}).get("tenant"))
        try:
            response = answer(request)
        except Exception as error:  # whatever it is, the caller gets an answer
            response = refuse(error, request)
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
    """Make a Lambda handler of what a state machine or the gateway calls."""

    def lambda_handler(event: Event, context: LambdaContext) -> Any:
        return work(event)

    return logger.inject_lambda_context(lambda_handler, clear_state=True)


def stream(work: Callable[[Any], None]) -> LambdaHandler:
    """Make a Lambda handler that works off a stream's records in order.

    It stops at the first that fails: Lambda sends that one and all after it again.
    """

    def lambda_handler(event: Event, context: LambdaContext) -> Any:
        for record in event["Records"]:
            try:
                work(record)
            except Exception:
                logger.exception("record failed, to be sent again")
                failed = record["dynamodb"]["SequenceNumber"]
                return {"batchItemFailures": [{"itemIdentifier": failed}]}
        return {"batchItemFailures": []}

    return logger.inject_lambda_context(lambda_handler, clear_state=True)


def queue(work: Callable[[Any], None]) -> LambdaHandler:
    """Make a Lambda handler that works off a queue and has the messages that fail sent again."""

    def one(record: "SQSRecord") -> None:
        try:
            work(record.raw_event)
        except AgainError:
            raise
        except Exception:  # the batch processor keeps it to itself
            logger.exception("message failed, to be sent again")
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
    """Have each further line of this invocation say whose it is."""
    if tenant:
        logger.append_keys(tenant=tenant)


def about(body: Mapping[str, Any]) -> dict[str, str]:
    """What of an answer may be logged: which job it is about, and why it was refused."""
    told = {**body, **body.get("job", {})}
    return {
        name: str(told[key])
        for name, key in (("job_id", "jobId"), ("job_status", "status"), ("code", "code"))
        if key in told
    }
