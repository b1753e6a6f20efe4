# SPDX-License-Identifier: Apache-2.0
"""Puts every KMS and CloudHSM call onto the account's default bus, as CloudTrail does.

ministack emits no "AWS API Call via CloudTrail" events. The key endpoint writes one for each call and holds it
back for as long as its delivery delay says; a thread asks for what is due. As on AWS, rules get read-only events
(also Encrypt, Decrypt and GenerateDataKey) only in the state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS, which
ministack otherwise treats as disabled: it now counts as enabled for every event.
@see EventBridge user guide, "Read-only management events from AWS services"
"""

import datetime
import http.client
import json
import logging
import threading
import time
from urllib.parse import urlsplit

from gateway.settings import Settings

REQUIRES = (
    "ministack.services.eventbridge:_dispatch_event",
    "ministack.services.eventbridge:_archive_event",
    "ministack.services.eventbridge:_rules",
    "ministack.services.eventbridge:_pattern_event_view",
    "ministack.services.eventbridge:_matches_pattern_view",
    "ministack.services.eventbridge:_targets",
    "ministack.services.eventbridge:_invoke_target",
    "ministack.core.responses:set_request_account_id",
    "ministack.core.responses:set_request_region",
)

logger = logging.getLogger("keyturn.gateway")

ALL_EVENTS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
DETAIL_TYPE = "AWS API Call via CloudTrail"
# What a service does by itself has a type of its own.
SERVICE_DETAIL_TYPE = "AWS Service Event via CloudTrail"
# How long the endpoint may hold a question that has no answer yet.
WAIT_SECONDS = 10
PAUSE_SECONDS = 1


def apply(settings: Settings) -> None:
    from ministack.services import eventbridge

    dispatch = eventbridge._dispatch_event

    def dispatch_event(event, view=None):
        if not is_read_only(event):
            dispatch(event, view)
        dispatch_to_all_events_rules(event, view)

    eventbridge._dispatch_event = dispatch_event
    threading.Thread(target=deliver_for_ever, args=(settings,), name="cloudtrail-events", daemon=True).start()


def is_read_only(event: dict) -> bool:
    """Whether only rules that ask for all management events get this one."""
    if event.get("DetailType") != DETAIL_TYPE or not event.get("Source", "").startswith("aws."):
        return False
    detail = event.get("Detail", "{}")
    return (json.loads(detail) if isinstance(detail, str) else detail).get("readOnly") is True


def dispatch_to_all_events_rules(event: dict, view=None) -> None:
    """What the emulator does for enabled rules, for those in the state it does not know."""
    from ministack.services import eventbridge

    bus, path = event.get("EventBusName", "default"), set(event.get("_DispatchPath") or [])
    for key, rule in list(eventbridge._rules.items()):
        if rule.get("State") != ALL_EVENTS or rule.get("EventBusName", "default") != bus or key in path:
            continue
        if not rule.get("EventPattern"):
            continue
        view = view or eventbridge._pattern_event_view(event)
        if eventbridge._matches_pattern_view(rule["EventPattern"], view, f"rule {key}"):
            for target in eventbridge._targets.get(key, []):
                eventbridge._invoke_target(target, event, rule, view)


def deliver_for_ever(settings: Settings) -> None:
    """Asks, delivers, asks again; an endpoint that is away or keeps no trail is asked again a second later."""
    after = 0
    while True:
        try:
            page = due(settings, after)
        except (OSError, ValueError, http.client.HTTPException):
            page = None
        if page is None:
            time.sleep(PAUSE_SECONDS)
            continue
        after = page["next"]
        for event in page["events"]:
            deliver(settings, event)


def due(settings: Settings, after: int) -> dict | None:
    """The endpoint's next events, None when it does not answer with any page."""
    address = urlsplit(settings.key_endpoint)
    connection = http.client.HTTPConnection(address.hostname, address.port or 80, timeout=WAIT_SECONDS * 3)
    try:
        path = f"/_admin/cloudtrail?after={after}&due=true&waitSeconds={WAIT_SECONDS}"
        connection.request("GET", path, headers={"x-admin-token": settings.admin_token})
        reply = connection.getresponse()
        content = reply.read()
        return json.loads(content) if reply.status == 200 else None
    finally:
        connection.close()


def detail_type(event: dict) -> str:
    """Under which type EventBridge has an event of the trail."""
    return SERVICE_DETAIL_TYPE if event["eventType"] == "AwsServiceEvent" else DETAIL_TYPE


def deliver(settings: Settings, event: dict) -> None:
    """One event onto the default bus of its account, past the emulator's log of events, which is never emptied."""
    from ministack.core.responses import set_request_account_id, set_request_region
    from ministack.services import eventbridge

    set_request_account_id(settings.account)
    set_request_region(settings.region)
    record = {
        "EventId": event["eventID"],
        "Source": f"aws.{event['eventSource'].partition('.')[0]}",
        "DetailType": detail_type(event),
        "Detail": json.dumps(event),
        "EventBusName": "default",
        "Time": int(datetime.datetime.fromisoformat(event["eventTime"].replace("Z", "+00:00")).timestamp()),
        "Resources": [],
        "Account": settings.account,
        "Region": settings.region,
    }
    try:
        eventbridge._dispatch_event(record)
        eventbridge._archive_event(record)
    except Exception:
        logger.exception("the event of %s could not be delivered", event.get("eventName"))
