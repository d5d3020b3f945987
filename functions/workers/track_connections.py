"""Mission table's stream: send initial states, start timers of shares, drop their viewers."""

from typing import Any

from jobs.kit import lambda_handler as runtime
from jobs.tracking.adapters.items import is_connection, is_share, to_connection, to_share
from jobs.tracking.wiring import wiring


def track(record: Any) -> None:
    change = record["dynamodb"]
    match record["eventName"]:
        case "INSERT" if is_connection(change["NewImage"]):
            connection = to_connection(change["NewImage"])
            wiring.send_initial_state(connection)
            wiring.refreshes.schedule(connection)
        case "INSERT" if is_share(change["NewImage"]):
            wiring.share_timers.expire(to_share(change["NewImage"]))
        case "REMOVE" if is_share(change["OldImage"]):
            share = to_share(change["OldImage"])
            wiring.shares.remove(share.id, share.resource)  # counts off one that DynamoDB expired
            viewers = wiring.drop_viewers(share)
            runtime.logger.info("share removed", share=share.id, viewers=viewers)


lambda_handler = runtime.stream(
    track,
    needs=lambda: (
        wiring.send_initial_state,
        wiring.refreshes,
        wiring.share_timers,
        wiring.shares,
        wiring.drop_viewers,
    ),
)
