# SPDX-License-Identifier: Apache-2.0
"""Fires EventBridge Scheduler: every second it looks for schedules that are due, in their time zones.

LocalStack keeps schedules and never fires one. Flexible windows, retries and dead letters are not done here.
@see localstack/services/scheduler/provider.py, which is CRUD over moto's backend
"""

import json
import logging
import threading
import time
import uuid
from datetime import datetime, timezone

from keyturn_localstack import cron
from keyturn_localstack.settings import Settings

REQUIRES = (
    "moto.scheduler.models:scheduler_backends",
    "moto.scheduler.models:EventBridgeSchedulerBackend.create_schedule",
    "localstack.aws.connect:connect_to",
    "localstack.runtime.hooks:on_infra_ready",
)

logger = logging.getLogger("keyturn.localstack")

# ARN of the schedule -> (expression with zone, epoch seconds of the last firing). A changed expression counts as new.
last_fired: dict[str, tuple[str, float]] = {}


def apply(settings: Settings) -> None:
    def run() -> None:
        while True:
            time.sleep(settings.tick_seconds)
            try:
                tick(settings, time.time())
            except Exception:
                logger.exception("the schedules could not be looked at")

    threading.Thread(target=run, name="schedule-clock", daemon=True).start()


def tick(settings: Settings, now: float) -> None:
    """Fires every enabled schedule that is due now."""
    from moto.scheduler.models import scheduler_backends

    if settings.account not in scheduler_backends:
        return
    groups = scheduler_backends[settings.account][settings.region].schedule_groups
    for group in list(groups.values()):
        for schedule in list(group.schedules.values()):
            due = _due(schedule, now)
            if due is None:
                continue
            last_fired[schedule.arn] = (_expression(schedule), now)
            threading.Thread(target=_fire, args=(settings, schedule, due), daemon=True).start()
            if cron.is_once(schedule.schedule_expression) and schedule.action_after_completion == "DELETE":
                group.delete_schedule(schedule.name)
                last_fired.pop(schedule.arn)


def _expression(schedule) -> str:
    return f"{schedule.schedule_expression} {schedule.schedule_expression_timezone}"


def _due(schedule, now: float) -> float | None:
    """When it was due, if that is not later than now."""
    if schedule.state != "ENABLED" or not (schedule.start_date or 0) <= now <= (schedule.end_date or now):
        return None
    expression, fired = last_fired.get(schedule.arn, (None, 0.0))
    has_fired = expression == _expression(schedule)
    since = fired if has_fired else schedule.last_modified_date
    zone = schedule.schedule_expression_timezone
    due = cron.next_due(schedule.schedule_expression, zone, since, has_fired)
    return due if due is not None and due <= now else None


def _fire(settings: Settings, schedule, due: float) -> None:
    from localstack.aws.connect import connect_to

    arn = schedule.target["Arn"]
    clients = connect_to(region_name=settings.region, aws_access_key_id=settings.account)
    text = filled(schedule, due)
    try:
        match arn.split(":")[2]:
            case "states":
                clients.stepfunctions.start_execution(stateMachineArn=arn, input=text)
            case "lambda":
                clients.lambda_.invoke(FunctionName=arn, InvocationType="Event", Payload=text)
            case "sqs":
                url = clients.sqs.get_queue_url(QueueName=arn.rsplit(":", 1)[-1])["QueueUrl"]
                clients.sqs.send_message(QueueUrl=url, MessageBody=text)
            case "events":
                entry = {"EventBusName": arn, "Detail": text, **schedule.target["EventBridgeParameters"]}
                clients.events.put_events(Entries=[entry])
            case service:
                logger.error("schedule %s: targets of %s are not built here", schedule.arn, service)
    except Exception:
        logger.exception("schedule %s could not be fired", schedule.arn)


def filled(schedule, due: float) -> str:
    """The target's input with Scheduler's context attributes filled in; without an input an empty object."""
    attributes = {
        "schedule-arn": schedule.arn,
        "scheduled-time": datetime.fromtimestamp(due, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "execution-id": str(uuid.uuid4()),
        "attempt-number": "1",
    }
    text = schedule.target.get("Input") or json.dumps({})
    for attribute, value in attributes.items():
        text = text.replace(f"<aws.scheduler.{attribute}>", value)
    return text
