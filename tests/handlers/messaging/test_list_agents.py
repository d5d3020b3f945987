from jobs.messaging.agent import Agent


def test_list_agents_returns_ordered_agents_in_wrapper(call, world) -> None:
    world.registry.put_agent(
        "demo", Agent(id="b", name="Away", bio="Sleeps.", order=-1, active=False)
    )

    answer = call("list_agents")

    assert answer.body == {
        "success": True,
        "data": {
            "agents": [
                {
                    "id": "b",
                    "name": "Away",
                    "characterName": "Away",
                    "bio": "Sleeps.",
                    "status": "inactive",
                },
                {
                    "id": "11111111-1111-4111-8111-111111111111",
                    "name": "Echo",
                    "characterName": "Echo",
                    "bio": "Answers.",
                    "status": "active",
                },
            ]
        },
    }


def test_list_agents_omits_provider_settings(call, world) -> None:
    world.registry.put_agent(
        "demo", Agent(id="c", name="Far", provider="remote", settings={"baseUrl": "http://far"})
    )

    answer = call("list_agents")

    assert "far" not in answer.text
    assert "remote" not in answer.text


def test_list_agents_excludes_other_tenants(call, world) -> None:
    world.registry.put_agent("rival", Agent(id="d", name="Theirs"))

    assert [agent["name"] for agent in call("list_agents").body["data"]["agents"]] == ["Echo"]
