# SPDX-License-Identifier: Apache-2.0
"""Applies schedule properties that CloudFormation drops: time zone, start and end, what follows completion."""

from gateway.patches.after_deploy import applied_after
from gateway.settings import Settings

REQUIRES = (
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
    "ministack.services.scheduler:_schedules",
)

DEFAULTS = {
    "ScheduleExpressionTimezone": "UTC",
    "StartDate": None,
    "EndDate": None,
    "ActionAfterCompletion": "NONE",
}


def apply(settings: Settings) -> None:
    applied_after("AWS::Scheduler::Schedule", put_properties, __name__)


def put_properties(name: str, props: dict) -> None:
    """Puts every property of the template that the provisioner left out."""
    from ministack.services import scheduler

    record = scheduler._schedules[f"{props.get('GroupName', 'default')}/{name}"]
    for member, default in DEFAULTS.items():
        record[member] = props.get(member) or default
