# SPDX-License-Identifier: Apache-2.0
import time


def poll_condition(condition, timeout, interval):
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(interval)
    return True
