# SPDX-License-Identifier: Apache-2.0
"""Starts a state machine for a rule whose target has an input of its own.

LocalStack names the execution after the event, and takes the input for the event: it fails where that has no `id`.
@see localstack/services/events/target.py, StatesTargetSender.send_event
"""

import json
import uuid

from keyturn_localstack.settings import Settings

REQUIRES = ("localstack.services.events.target:StatesTargetSender.send_event",)


def apply(settings: Settings) -> None:
    from localstack.services.events.target import StatesTargetSender

    def send_event(sender, event, trace_header):
        sender.service = "stepfunctions"
        sender.client.start_execution(stateMachineArn=sender.target["Arn"], **start_of(event))

    StatesTargetSender.send_event = send_event


def start_of(event: dict | str) -> dict[str, str]:
    """Name and input of the execution; an event keeps its own name, so that its repetition is refused."""
    name = event.get("id") if isinstance(event, dict) else None
    text = event if isinstance(event, str) else json.dumps(event, default=str)
    return {"name": name or str(uuid.uuid4()), "input": text}
