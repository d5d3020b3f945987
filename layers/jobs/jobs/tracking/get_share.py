"""Read a share of an organisation."""

from dataclasses import dataclass

from jobs.tracking.errors import ShareNotFoundError
from jobs.tracking.ports import Shares
from jobs.tracking.share import Share, share_id


@dataclass(frozen=True, slots=True, kw_only=True)
class GetShare:
    shares: Shares

    def __call__(self, tenant: str, code: str) -> Share:
        """Return the share. Raises `ShareNotFoundError`, also for another organisation's."""
        share = self.shares.get(share_id(code))
        if share.resource.tenant != tenant:
            raise ShareNotFoundError
        return share
