"""The webhooks API: `sortie.webhooks`."""

from collections.abc import Sequence

from sortie_client._core.flow import Flow
from sortie_client._core.http import path
from sortie_client._core.key_api import KeyApi
from sortie_client._core.models import decode
from sortie_client._core.operation import operation
from sortie_client.webhooks.models import Delivery, DeliveryList


class WebhooksApi[R](KeyApi[R]):
    """The webhook deliveries of all jobs, whichever API created them."""

    @operation
    def list_deliveries(self, job_id: str) -> Flow[Sequence[Delivery]]:
        """List a job's deliveries of the last 14 days, each with its attempts."""
        response = yield from self._call("GET", "/webhooks/deliveries", query={"jobId": job_id})
        return decode(DeliveryList, response.json).deliveries

    @operation
    def redeliver(self, delivery_id: str) -> Flow[Delivery]:
        """Send a delivery again, now. Raises `ConflictError` after too many attempts."""
        where = path("webhooks", delivery_id, "redeliver")
        response = yield from self._call("POST", where, idempotent=False)
        return decode(Delivery, response.json)
