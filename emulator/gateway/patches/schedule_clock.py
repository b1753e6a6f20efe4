# SPDX-License-Identifier: Apache-2.0
"""Fires EventBridge Scheduler on time: every second, and in the schedule's time zone.

ministack looks every ten seconds, reads all expressions as UTC, and never fires an `at()` again whose expression
was changed after it had fired. This replaces its sweep. When a schedule has fired is kept with the expression
that fired, so that a changed one counts as new.
"""

import datetime
import logging
import time
import uuid
import zoneinfo

from gateway.settings import Settings

REQUIRES = (
    "ministack.services.scheduler:_tick_schedules",
    "ministack.services.scheduler:_SCHEDULE_TICK_INTERVAL",
    "ministack.services.scheduler:_schedules",
    "ministack.services.scheduler:_to_epoch",
    "ministack.services.eventbridge:_invoke_target",
    "ministack.services.eventbridge:_parse_rate_seconds",
    "ministack.services.eventbridge:_parse_cron_fields",
    "ministack.services.eventbridge:_cron_next_fire",
    "ministack.core.responses:set_request_account_id",
    "ministack.core.responses:set_request_region",
)

logger = logging.getLogger("keyturn.gateway")

# (account, region, "group/name") -> (expression with zone, epoch seconds of the last firing)
last_fired: dict[tuple, tuple[str, float]] = {}


def apply(settings: Settings) -> None:
    from ministack.services import scheduler

    scheduler._SCHEDULE_TICK_INTERVAL = settings.tick_seconds
    scheduler._tick_schedules = tick


def tick() -> None:
    """Fires every enabled schedule that is due now."""
    from ministack.services import scheduler

    now = time.time()
    for key, schedule in list(scheduler._schedules._data.items()):
        if schedule.get("State") != "ENABLED" or not _in_window(key, schedule, now):
            continue
        due = next_due(schedule, last_fired.get(key))
        if due is None or now < due:
            continue
        last_fired[key] = (_expression(schedule), now)
        _fire(key, schedule, due, now)
        if _is_once(schedule) and schedule.get("ActionAfterCompletion") == "DELETE":
            _forget(key)


def next_due(schedule: dict, fired: tuple[str, float] | None) -> float | None:
    """Epoch seconds of the next firing, None when there is none. @see EventBridge Scheduler, schedule types."""
    from ministack.services import eventbridge

    expression = schedule.get("ScheduleExpression", "")
    zone = zoneinfo.ZoneInfo(schedule.get("ScheduleExpressionTimezone") or "UTC")
    if fired is not None and fired[0] != _expression(schedule):
        fired = None
    if _is_once(schedule):
        if fired is not None:
            return None
        moment = datetime.datetime.fromisoformat(expression.strip()[3:-1].strip())
        return moment.replace(tzinfo=zone).timestamp()
    since = fired[1] if fired else schedule.get("LastModificationDate") or schedule.get("CreationDate") or time.time()
    interval = eventbridge._parse_rate_seconds(expression)
    if interval is not None:
        return since + interval
    fields = eventbridge._parse_cron_fields(expression)
    if fields is None:
        return None
    # The emulator computes on wall clocks tagged UTC; the tag is put on and taken off around it.
    wall_clock = datetime.datetime.fromtimestamp(since, zone).replace(tzinfo=datetime.timezone.utc)
    following = eventbridge._cron_next_fire(fields, wall_clock)
    return None if following is None else following.replace(tzinfo=zone).timestamp()


def _expression(schedule: dict) -> str:
    return f"{schedule.get('ScheduleExpression', '')} {schedule.get('ScheduleExpressionTimezone') or 'UTC'}"


def _is_once(schedule: dict) -> bool:
    return schedule.get("ScheduleExpression", "").strip().startswith("at(")


def _in_window(key: tuple, schedule: dict, now: float) -> bool:
    from ministack.services import scheduler

    start, end = scheduler._to_epoch(schedule.get("StartDate")), scheduler._to_epoch(schedule.get("EndDate"))
    if end is not None and now > end:
        if schedule.get("ActionAfterCompletion") == "DELETE":
            _forget(key)
        return False
    return start is None or now >= start


def _forget(key: tuple) -> None:
    from ministack.services import scheduler

    scheduler._schedules._data.pop(key, None)
    last_fired.pop(key, None)


def _fire(key: tuple, schedule: dict, due: float, now: float) -> None:
    from ministack.core.responses import set_request_account_id, set_request_region
    from ministack.services import eventbridge

    account, region, name = key
    set_request_account_id(account)
    set_request_region(region)
    event = {
        "EventId": str(uuid.uuid4()),
        "Source": "aws.scheduler",
        "DetailType": "Scheduled Event",
        "Detail": "{}",
        "Time": now,
        "Resources": [schedule.get("Arn", "")],
        "Account": account,
        "Region": region,
    }
    try:
        eventbridge._invoke_target(_with_context(schedule, event["EventId"], due), event, schedule)
    except Exception:
        logger.exception("schedule %s could not be fired", name)


def _with_context(schedule: dict, execution_id: str, due: float) -> dict:
    """The target with Scheduler's context attributes filled into its input."""
    target = schedule.get("Target") or {}
    if not isinstance(target.get("Input"), str):
        return target
    moment = datetime.datetime.fromtimestamp(due, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    attributes = {
        "schedule-arn": schedule.get("Arn", ""),
        "scheduled-time": moment,
        "execution-id": execution_id,
        "attempt-number": "1",
    }
    text = target["Input"]
    for attribute, value in attributes.items():
        text = text.replace(f"<aws.scheduler.{attribute}>", value)
    return {**target, "Input": text}
