"""Make MiniStack's MQTT broker enforce access as AWS IoT does.

By itself it listens on every interface, accepts every client and evaluates no policy. With these
patches it listens on the loopback interface only, and each client has policies:

- With a certificate: the policies attached to the certificate.
- With a user name or a password: the policies that the custom authorizer returns, a Lambda function
  found by its name's prefix. `refreshAfterInSeconds` has no effect.
- With neither: the connection is refused.
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

USER_NAME, PASSWORD, WILL = 0x80, 0x40, 0x04  # flags of an MQTT CONNECT packet


@dataclass(frozen=True)
class Connect:
    """The fields of an MQTT CONNECT packet that identify its client."""

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
    """Reads the length-prefixed fields of a packet in order."""

    def __init__(self, packet: bytes, at: int, *, with_properties: bool) -> None:
        self._packet, self._at, self._with_properties = packet, at, with_properties

    def skip_properties(self) -> None:
        if self._with_properties:
            _, self._at = iot._decode_properties(self._packet, self._at)

    def next(self) -> bytes:
        [length] = struct.unpack_from("!H", self._packet, self._at)
        start, self._at = self._at + 2, self._at + 2 + length
        return self._packet[start : self._at]


def bind_to_loopback() -> None:
    create_server = asyncio.BaseEventLoop.create_server

    async def on_loopback(loop: Any, factory: Any, host: Any = None, *args: Any, **kw: Any) -> Any:
        host = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - compared, not bound
        return await create_server(loop, factory, host, *args, **kw)

    asyncio.BaseEventLoop.create_server = on_loopback  # type: ignore[assignment]


def enforce_policies(authorizer_prefix: str) -> None:
    session = iot._WSSession
    session.policies = []  # until the authorizer has answered
    dispatch, policy_allows = session._dispatch_packet, session._policy_allows

    async def dispatch_packet(self: Any, kind: int, flags: int, body: bytes) -> bool:
        if kind != iot.PKT_CONNECT or self.certificate_id or self.iam_credential:
            return bool(await dispatch(self, kind, flags, body))
        connect = Connect.parse(body)
        answer = await asyncio.to_thread(invoke_authorizer, authorizer_prefix, connect)
        if not answer.get("isAuthenticated"):
            await self.send_bytes(build_refusal(connect.protocol))
            return False
        self.policies = [json.dumps(each) for each in answer["policyDocuments"]]
        disconnect_after(self, answer["disconnectAfterInSeconds"])
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


def invoke_authorizer(name_prefix: str, connect: Connect) -> dict[str, Any]:
    """Return the custom authorizer's answer, or {} if it is missing or has failed."""
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
        if name.startswith(name_prefix):
            response = functions.invoke(FunctionName=name, Payload=json.dumps(event))
            if "FunctionError" not in response:
                return dict(json.load(response["Payload"]))
    return {}


def build_refusal(protocol: int) -> bytes:
    if protocol == iot.MQTT_5:
        code, version = iot.RC5_NOT_AUTHORIZED, iot.MQTT_5
    else:
        code, version = iot.CONNACK_311_NOT_AUTHORIZED, iot.MQTT_311
    return bytes(iot._make_connack(return_code=code, protocol_version=version))


def disconnect_after(session: Any, seconds: int) -> None:
    loop = asyncio.get_running_loop()
    close = {"type": "websocket.close"}
    loop.call_later(seconds, lambda: loop.create_task(session._send(close)))
