# SPDX-License-Identifier: Apache-2.0
"""Puts every KMS and CloudHSM call onto the account's default bus, as CloudTrail does.

ministack emits no "AWS API Call via CloudTrail" events. The key endpoint writes one for each call and holds it
back for as long as its delivery delay says; a thread asks for what is due. As on AWS, rules get read-only events
(also Encrypt, Decrypt and GenerateDataKey) only in the state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS, which
ministack otherwise treats as disabled: it now counts as enabled for every event.
@see EventBridge user guide, "Read-only management events from AWS services"
"""

import datetime
import json
import logging
import threading

from forwarding import trail

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


def apply(settings: Settings) -> None:
    from ministack.services import eventbridge

    dispatch = eventbridge._dispatch_event

    def dispatch_event(event, view=None):
        if not is_read_only(event):
            dispatch(event, view)
        dispatch_to_all_events_rules(event, view)

    eventbridge._dispatch_event = dispatch_event
    def follow() -> None:
        trail.follow(settings.key_endpoint, settings.admin_token, lambda event: deliver(settings, event))

    threading.Thread(target=follow, name="cloudtrail-events", daemon=True).start()


def is_read_only(event: dict) -> bool:
    """Whether only rules that ask for all management events get this one."""
    if event.get("DetailType") != trail.DETAIL_TYPE or not event.get("Source", "").startswith("aws."):
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


def deliver(settings: Settings, event: dict) -> None:
    """One event onto the default bus of its account, past the emulator's log of events, which is never emptied."""
    from ministack.core.responses import set_request_account_id, set_request_region
    from ministack.services import eventbridge

    set_request_account_id(settings.account)
    set_request_region(settings.region)
    record = {
        "EventId": event["eventID"],
        "Source": trail.source(event),
        "DetailType": trail.detail_type(event),
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
