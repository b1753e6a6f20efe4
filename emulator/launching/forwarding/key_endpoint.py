# SPDX-License-Identifier: Apache-2.0
"""Carries one KMS or CloudHSM v2 call to the key endpoint, together with the caller it is made for."""

import http.client
import json
import logging
import uuid
from urllib.parse import urlsplit

from forwarding.caller import Caller

logger = logging.getLogger("keyturn.gateway")

# Above any delay the endpoint's fault switches inject, below the 900 s a function may live.
TIMEOUT_SECONDS = 120
JSON_11 = "application/x-amz-json-1.1"
RETURNED_HEADERS = ("content-type", "x-amzn-requestid", "x-amzn-errortype", "retry-after")

Response = tuple[int, dict, bytes]


class KeyEndpoint:
    """Speaks to the endpoint over loopback HTTP; only this class knows the gateway secret."""

    def __init__(self, url: str, secret: str) -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname or "127.0.0.1", address.port or 80
        self._secret = secret

    def send(self, target: str, body: bytes, caller: Caller, agent: str = "", region: str = "") -> Response:
        """Returns the endpoint's answer, of its own Region unless told; one out of reach is a retryable KMS error."""
        headers = {
            "x-amz-target": target,
            "content-type": JSON_11,
            "x-amzn-requestid": str(uuid.uuid4()),
            "x-keyturn-gateway-secret": self._secret,
            "x-keyturn-caller": caller.header(),
            "user-agent": agent,
        }
        if region:
            headers["x-keyturn-region"] = region
        # A connection per call: a kept one may close under a call that must not be sent twice.
        connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("POST", "/", body, headers)
            reply = connection.getresponse()
            returned = {k: v for k, v in reply.getheaders() if k.lower() in RETURNED_HEADERS}
            content = reply.read()
            if reply.status >= 400:
                # Names and ids only: an error of KMS carries no key material.
                logger.info("%s refused for %s: %s", target, caller.principal_arn, content.decode(errors="replace"))
            return reply.status, {"Content-Type": JSON_11, **_canonical(returned)}, content
        except OSError as error:
            logger.error("key endpoint out of reach for %s: %s", target, error)
            message = json.dumps({"__type": "KMSInternalException", "message": "the key endpoint is out of reach"})
            return 500, {"Content-Type": JSON_11}, message.encode()
        finally:
            connection.close()

    def call(self, operation: str, members: dict, caller: Caller) -> dict:
        """One KMS operation by name; raises ValueError with the endpoint's error name and message."""
        status, _, body = self.send(f"TrentService.{operation}", json.dumps(members).encode(), caller)
        answer = json.loads(body or b"{}")
        if status >= 400:
            raise KeyEndpointError(operation, answer.get("__type", "KMSInternalException"), answer.get("message", ""))
        return answer


class KeyEndpointError(ValueError):
    """An operation the endpoint refused; `code` is the AWS error name."""

    def __init__(self, operation: str, code: str, message: str) -> None:
        super().__init__(f"{operation}: {code}: {message}")
        self.code = code.rsplit("#", 1)[-1]


def _canonical(headers: dict) -> dict:
    return {("Content-Type" if name.lower() == "content-type" else name.lower()): v for name, v in headers.items()}
