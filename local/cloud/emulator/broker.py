"""MiniStack's MQTT broker, made as particular as AWS IoT's.

By itself it listens on every interface, lets anybody in and asks no policy. Here whatever it opens
stays on this machine; a client with a certificate is held to the policies attached to that; one
with a user name or a password to those that the custom authorizer answers (the Lambda function
whose name starts with `authorizer`, asked as AWS IoT asks it, except that `refreshAfterInSeconds`
is not honoured); and one with neither is sent away.
"""

import asyncio
import base64
import json
import struct
import uuid
from dataclasses import dataclass
from typing import Any

import boto3
from ministack.core import iam_evaluator  # type: ignore[import-not-found]
from ministack.services import iot  # type: ignore[import-not-found]

USER_NAME, PASSWORD, WILL = 0x80, 0x40, 0x04  # the flags of an MQTT CONNECT


@dataclass(frozen=True)
class Connect:
    """What an MQTT CONNECT packet says about who sends it."""

    protocol: int
    client_id: str
    user_name: str
    password: bytes

    @classmethod
    def parse(cls, packet: bytes) -> "Connect":
        _, at = iot._read_string(packet, 0)
        protocol, flags = packet[at], packet[at + 1]
        fields = Fields(packet, at + 4, with_properties=protocol == iot.MQTT_5)
        fields.skip_properties()
        client_id = fields.next()
        if flags & WILL:
            fields.skip_properties()
            fields.next(), fields.next()
        return cls(
            protocol,
            client_id.decode(),
            (fields.next() if flags & USER_NAME else b"").decode(),
            fields.next() if flags & PASSWORD else b"",
        )


class Fields:
    """The length-prefixed fields of a packet, one after the other."""

    def __init__(self, packet: bytes, at: int, *, with_properties: bool) -> None:
        self._packet, self._at, self._with_properties = packet, at, with_properties

    def skip_properties(self) -> None:
        if self._with_properties:
            _, self._at = iot._decode_properties(self._packet, self._at)

    def next(self) -> bytes:
        [length] = struct.unpack_from("!H", self._packet, self._at)
        start, self._at = self._at + 2, self._at + 2 + length
        return self._packet[start : self._at]


def stay_on_this_machine() -> None:
    create_server = asyncio.BaseEventLoop.create_server

    async def on_loopback(loop: Any, factory: Any, host: Any = None, *args: Any, **kw: Any) -> Any:
        host = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - compared, not bound
        return await create_server(loop, factory, host, *args, **kw)

    asyncio.BaseEventLoop.create_server = on_loopback  # type: ignore[assignment]


def authorize(authorizer: str) -> None:
    """Make the broker ask for policies, a certificate's or the authorizer's."""
    session = iot._WSSession
    session.policies = []  # until it has said who it is
    dispatch, policy_allows = session._dispatch_packet, session._policy_allows

    async def dispatch_packet(self: Any, kind: int, flags: int, body: bytes) -> bool:
        if kind != iot.PKT_CONNECT or self.certificate_id or self.iam_credential:
            return bool(await dispatch(self, kind, flags, body))
        connect = Connect.parse(body)
        answer = await asyncio.to_thread(ask, authorizer, connect)
        if not answer.get("isAuthenticated"):
            await self.send_bytes(refusal(connect.protocol))
            return False
        self.policies = [json.dumps(each) for each in answer["policyDocuments"]]
        let_go_after(self, answer["disconnectAfterInSeconds"])
        return bool(await dispatch(self, kind, flags, body))

    def allows(self: Any, action: str, resource: str) -> bool:
        if self.certificate_id or self.iam_credential:
            return bool(policy_allows(self, action, resource))
        arn = f"arn:aws:iot:{self.region}:{self.account_id}"
        context = iam_evaluator.EvalContext(
            principal_arn=f"{arn}:authorized",
            principal_type="Certificate",
            principal_account=self.account_id,
            action=action,
            resource_arn=f"{arn}:{resource}",
            region=self.region,
        )
        documents = [iam_evaluator.parse_policy_document(each) for each in self.policies]
        return bool(iam_evaluator.evaluate(context, documents).decision == "Allow")

    session._dispatch_packet, session._policy_allows = dispatch_packet, allows
    session._evaluates_policies = lambda self: bool(self.certificate_id)


def ask(authorizer: str, connect: Connect) -> dict[str, Any]:
    """The custom authorizer's answer; nothing where it cannot be asked or has failed."""
    if not (connect.user_name or connect.password):
        return {}
    event = {
        "token": "",
        "signatureVerified": False,
        "protocols": ["tls", "mqtt"],
        "protocolData": {
            "tls": {"serverName": "localhost"},
            "mqtt": {
                "username": connect.user_name,
                "password": base64.b64encode(connect.password).decode(),
                "clientId": connect.client_id,
            },
        },
        "connectionMetadata": {"id": str(uuid.uuid4())},
    }
    functions = boto3.client("lambda")
    pages = functions.get_paginator("list_functions").paginate()
    names = [each["FunctionName"] for page in pages for each in page["Functions"]]
    for name in names:
        if name.startswith(authorizer):
            answered = functions.invoke(FunctionName=name, Payload=json.dumps(event))
            if "FunctionError" not in answered:
                return dict(json.load(answered["Payload"]))
    return {}


def refusal(protocol: int) -> bytes:
    if protocol == iot.MQTT_5:
        code, version = iot.RC5_NOT_AUTHORIZED, iot.MQTT_5
    else:
        code, version = iot.CONNACK_311_NOT_AUTHORIZED, iot.MQTT_311
    return bytes(iot._make_connack(return_code=code, protocol_version=version))


def let_go_after(session: Any, seconds: int) -> None:
    loop = asyncio.get_running_loop()
    close = {"type": "websocket.close"}
    loop.call_later(seconds, lambda: loop.create_task(session._send(close)))
