# SPDX-License-Identifier: Apache-2.0
"""Shortens the waits and retry delays of state machines by a factor, for tests of workflows that wait for hours.

LocalStack has no setting for it. Time limits and heartbeats of tasks keep their length: a function takes as long as it
takes. @see localstack/services/stepfunctions/asl/component/state/state_wait/wait_function/wait_function.py
"""

import time
from types import SimpleNamespace

from keyturn_localstack.settings import Settings

WAIT = "localstack.services.stepfunctions.asl.component.state.state_wait.wait_function.wait_function"
RETRY = "localstack.services.stepfunctions.asl.component.common.retry.retrier_decl"
REQUIRES = (f"{WAIT}:WaitFunction._wait_interval", f"{RETRY}:time.sleep")

# How soon a stopped execution is noticed.
LOOK_SECONDS = 0.05


def apply(settings: Settings) -> None:
    import importlib

    scale = settings.wait_scale
    if scale == 1:
        return

    def wait_interval(state, env, wait_seconds):
        # LocalStack's own counts whole seconds and would wait a part of one for ever.
        end = time.monotonic() + wait_seconds * scale
        while env.is_running() and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_SECONDS))

    importlib.import_module(WAIT).WaitFunction._wait_interval = wait_interval
    importlib.import_module(RETRY).time = SimpleNamespace(sleep=lambda seconds: time.sleep(seconds * scale))
