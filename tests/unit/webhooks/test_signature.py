"""Signatures as the specification of Standard Webhooks gives them."""

import base64

from jobs.webhooks.signature import new_secret, signed

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = '{"test": 2432232314}'
KNOWN = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_specifications_example_is_signed_as_there() -> None:
    headers = signed([SECRET], id="msg_p5jXN8AQM9LWM0D4loKWxJek", seconds=1614265330, body=BODY)

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": KNOWN,
    }


def test_each_live_secret_signs() -> None:
    headers = signed(
        [new_secret(), SECRET], id="msg_p5jXN8AQM9LWM0D4loKWxJek", seconds=1614265330, body=BODY
    )

    first, second = headers["webhook-signature"].split(" ")
    assert first != second == KNOWN


def test_a_new_secret_is_one_of_a_kind_and_of_the_length_that_is_asked_for() -> None:
    made = {new_secret() for _ in range(5)}

    assert len(made) == 5
    for secret in made:
        assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) <= 64
