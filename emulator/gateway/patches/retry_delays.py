# SPDX-License-Identifier: Apache-2.0
"""Honours MaxDelaySeconds and JitterStrategy of a Retry rule.

ministack computes IntervalSeconds x BackoffRate^n alone. The rule it is handed here carries the finished delay
as an interval with backoff 1.
"""

import random

from gateway.settings import Settings

REQUIRES = ("ministack.services.stepfunctions:_find_matching_retrier",)


def apply(settings: Settings) -> None:
    from ministack.services import stepfunctions

    original = stepfunctions._find_matching_retrier

    def find_matching_retrier(retriers, error, retry_counts):
        rule, index = original(retriers, error, retry_counts)
        if rule is None:
            return rule, index
        delay = delay_seconds(rule, retry_counts.get(index, 0), random.random())
        return {**rule, "IntervalSeconds": delay, "BackoffRate": 1.0}, index

    stepfunctions._find_matching_retrier = find_matching_retrier


def delay_seconds(rule: dict, attempt: int, chance: float) -> float:
    """The wait before retry number `attempt` (from 0); `chance` in [0, 1) decides under full jitter."""
    delay = rule.get("IntervalSeconds", 1) * rule.get("BackoffRate", 2.0) ** attempt
    if "MaxDelaySeconds" in rule:
        delay = min(delay, rule["MaxDelaySeconds"])
    return delay * chance if rule.get("JitterStrategy") == "FULL" else delay
