from jobs.messaging.agent import Agent


def test_agents_come_in_their_order_inside_the_wrapper_that_the_client_requires(
    call, world
) -> None:
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


def test_how_an_agent_is_reached_is_nobodys_business(call, world) -> None:
    world.registry.put_agent(
        "demo", Agent(id="c", name="Far", provider="remote", settings={"baseUrl": "http://far"})
    )

    answer = call("list_agents")

    assert "far" not in answer.text
    assert "remote" not in answer.text


def test_another_tenants_agents_are_not_there(call, world) -> None:
    world.registry.put_agent("rival", Agent(id="d", name="Theirs"))

    assert [agent["name"] for agent in call("list_agents").body["data"]["agents"]] == ["Echo"]
