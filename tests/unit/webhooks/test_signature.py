"""Signatures match the specification of Standard Webhooks."""

import base64

from jobs.webhooks.signature import new_secret, sign

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = '{"test": 2432232314}'
KNOWN = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_signature_of_specification_example_matches() -> None:
    headers = sign([SECRET], id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp_s=1614265330, body=BODY)

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": KNOWN,
    }


def test_signature_header_has_one_signature_per_secret() -> None:
    headers = sign(
        [new_secret(), SECRET], id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp_s=1614265330, body=BODY
    )

    first, second = headers["webhook-signature"].split(" ")
    assert first != second == KNOWN


def test_new_secret_is_unique_and_has_specified_length() -> None:
    made = {new_secret() for _ in range(5)}

    assert len(made) == 5
    for secret in made:
        assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) <= 64
