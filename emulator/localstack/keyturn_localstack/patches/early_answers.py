# SPDX-License-Identifier: Apache-2.0
"""Lets a task be answered before its request to do it has returned.

A state that waits for a token with a heartbeat sets its heartbeat up only after its function returned. An answer from
inside that function is then not seen until the heartbeat has expired: about one execution in six.
@see localstack/services/stepfunctions/asl/eval/callback/callback.py, CallbackEndpoint.setup_heartbeat_endpoint
"""

from keyturn_localstack.settings import Settings

REQUIRES = (
    "localstack.services.stepfunctions.asl.eval.callback.callback:CallbackEndpoint.setup_heartbeat_endpoint",
    "localstack.services.stepfunctions.asl.eval.callback.callback:CallbackEndpoint.get_outcome",
)


def apply(settings: Settings) -> None:
    from localstack.services.stepfunctions.asl.eval.callback.callback import CallbackEndpoint

    set_up = CallbackEndpoint.setup_heartbeat_endpoint

    def setup_heartbeat_endpoint(endpoint, heartbeat_seconds):
        heartbeat = set_up(endpoint, heartbeat_seconds)
        if endpoint.get_outcome() is not None:
            heartbeat.notify()
        return heartbeat

    CallbackEndpoint.setup_heartbeat_endpoint = setup_heartbeat_endpoint
