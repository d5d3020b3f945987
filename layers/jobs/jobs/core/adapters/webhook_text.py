"""A webhook as text, in a job's header and in the registry."""

import json

from jobs.core.webhook import Webhook


def webhook_text(webhook: Webhook | None) -> str | None:
    if webhook is None:
        return None
    return json.dumps({"url": webhook.url, "events": sorted(webhook.events)}, separators=(",", ":"))


def webhook_from(text: str | None) -> Webhook | None:
    if text is None:
        return None
    values = json.loads(text)
    return Webhook(url=values["url"], events=frozenset(values["events"]))
