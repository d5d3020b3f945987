"""SQS queue of payment checks: reconcile a payment, and schedule its next check."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from jobs.kit import lambda_handler as runtime
from jobs.kit.aws.stepfunctions import timestamp
from jobs.payments.adapters.timers import parse_check
from jobs.payments.errors import SettlementUnknownError
from jobs.payments.watch_payment import WatchResult
from jobs.payments.wiring import wiring


def receive(record: Any) -> None:
    check = parse_check(record["body"])
    result = watch(check.payment_id)
    if result.again is not None:
        wiring.checks.schedule(check, at=result.again)
    elif is_unresolved(result):  # the message becomes a dead letter, which starts the alarm
        raise SettlementUnknownError(f"payment {check.payment_id} is unknown for a day")


def watch(payment_id: str) -> WatchResult:
    result = wiring.watch_payment(payment_id)
    runtime.logger.info("payment watched", payment_id=payment_id, state=result.state)
    return result


def is_unresolved(result: WatchResult) -> bool:
    return result.state is not None and result.state.is_open


def watch_for_execution(event: Any) -> dict[str, Any]:
    result = watch(event["paymentId"])
    if result.again is not None:
        return {"outcome": "open", "again": timestamp(result.again)}
    return {"outcome": "unknown" if is_unresolved(result) else "over"}


from_queue = runtime.queue(receive, needs=lambda: (wiring.watch_payment, wiring.checks))
from_execution = runtime.task(watch_for_execution)


def lambda_handler(event: Any, context: LambdaContext) -> Any:
    """Executions that the previous version has started invoke the function themselves."""
    handle = from_queue if "Records" in event else from_execution
    return handle(event, context)
