# SPDX-License-Identifier: Apache-2.0
"""Shortens the wait for log lines after each function call.

ministack waits 50 ms for a first line of a function that logs nothing. Lines that come later are still
collected, with the next call.
"""

from gateway.settings import Settings

REQUIRES = ("ministack.core.lambda_runtime:Worker._drain_stderr_bounded",)

FIRST_LINE_SECONDS = 0.005
IDLE_SECONDS = 0.003


def apply(settings: Settings) -> None:
    from ministack.core import lambda_runtime

    original = lambda_runtime.Worker._drain_stderr_bounded

    def drain(self):
        return original(self, first_line_wait=FIRST_LINE_SECONDS, idle_confirm=IDLE_SECONDS)

    lambda_runtime.Worker._drain_stderr_bounded = drain
