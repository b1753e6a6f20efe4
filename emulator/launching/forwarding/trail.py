# SPDX-License-Identifier: Apache-2.0
"""Reads the key endpoint's trail: one event for each KMS and CloudHSM call, held back as long as CloudTrail would."""

import http.client
import json
import time
from typing import Callable
from urllib.parse import urlsplit

DETAIL_TYPE = "AWS API Call via CloudTrail"
# What a service does by itself has a type of its own.
SERVICE_DETAIL_TYPE = "AWS Service Event via CloudTrail"
# How long the endpoint may hold a question that has no answer yet.
WAIT_SECONDS = 10
PAUSE_SECONDS = 1


def follow(url: str, admin_token: str, deliver: Callable[[dict], None]) -> None:
    """Asks, delivers, asks again, for ever; an endpoint that is away or keeps no trail is asked again a second later."""
    after = 0
    while True:
        try:
            page = due(url, admin_token, after)
        except (OSError, ValueError, http.client.HTTPException):
            page = None
        if page is None:
            time.sleep(PAUSE_SECONDS)
            continue
        after = page["next"]
        for event in page["events"]:
            deliver(event)


def due(url: str, admin_token: str, after: int) -> dict | None:
    """The endpoint's next events, None when it does not answer with any page."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port or 80, timeout=WAIT_SECONDS * 3)
    try:
        path = f"/_admin/cloudtrail?after={after}&due=true&waitSeconds={WAIT_SECONDS}"
        connection.request("GET", path, headers={"x-admin-token": admin_token})
        reply = connection.getresponse()
        content = reply.read()
        return json.loads(content) if reply.status == 200 else None
    finally:
        connection.close()


def detail_type(event: dict) -> str:
    """Under which type EventBridge has an event of the trail."""
    return SERVICE_DETAIL_TYPE if event["eventType"] == "AwsServiceEvent" else DETAIL_TYPE


def source(event: dict) -> str:
    """Under which source: `aws.kms` for kms.amazonaws.com."""
    return f"aws.{event['eventSource'].partition('.')[0]}"
