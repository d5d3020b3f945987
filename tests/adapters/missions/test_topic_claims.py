"""Tenants with the same tag in their MQTT topics."""

from uuid import uuid4

import pytest

from jobs.missions.adapters import topic_claims
from jobs.missions.adapters.topic_claims import TopicClaims
from jobs.missions.errors import TopicsTakenError


@pytest.fixture
def claim(engine) -> TopicClaims:
    return TopicClaims(engine.client, engine.registry, stack="sortie")


def test_topics_of_a_tenant_are_claimed_again(claim) -> None:
    tenant = f"t-{uuid4()}"

    claim(tenant)
    claim(tenant)


def test_topics_of_another_tenant_are_refused(claim, monkeypatch) -> None:
    tag, first, second = uuid4().hex[:12], f"t-{uuid4()}", f"t-{uuid4()}"
    monkeypatch.setattr(topic_claims, "tenant_tag", lambda *_, **__: tag)
    claim(first)

    with pytest.raises(TopicsTakenError, match=second):
        claim(second)

    claim(first)
