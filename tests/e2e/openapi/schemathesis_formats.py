"""Strategies for the documents' string formats."""

from datetime import UTC, datetime, timedelta

import schemathesis
from hypothesis import strategies as st

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
NEVER_SENT = "https://receiver.invalid/hooks"

schemathesis.openapi.format("uri", st.just(NEVER_SENT))
schemathesis.openapi.format("git-branch", st.from_regex(r"[a-z]{1,9}/[a-z]{1,9}", fullmatch=True))
schemathesis.openapi.format("date-time", st.just(SOON.isoformat()))
