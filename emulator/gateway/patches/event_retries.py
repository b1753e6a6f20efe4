# SPDX-License-Identifier: Apache-2.0
"""Delivers an event of a rule to a function as an asynchronous invocation.

AWS tries a function that fails twice more and then hands the event to its destination or dead-letter queue.
ministack does that for S3 and SNS, but calls the target of a rule once and forgets what it answered. Between tries
it waits one and two seconds instead of AWS's one and two minutes.
"""

import json
import logging

from gateway.settings import Settings

REQUIRES = (
    "ministack.services.eventbridge:_dispatch_to_lambda",
    "ministack.services.lambda_svc:_get_func_record_for_ref",
    "ministack.services.lambda_svc:_execution_record_for_config",
    "ministack.services.lambda_svc:invoke_async_with_retry",
)

logger = logging.getLogger("keyturn.gateway")


def apply(settings: Settings) -> None:
    from ministack.services import eventbridge, lambda_svc

    def dispatch_to_lambda(arn, payload):
        func, config, name = lambda_svc._get_func_record_for_ref(arn)
        if not func or not config:
            logger.warning("target of a rule not invoked: no function %s", name)
            return
        record = lambda_svc._execution_record_for_config(func, config)
        lambda_svc.invoke_async_with_retry(record, event_of(payload))
        logger.info("EventBridge -> Lambda %s: dispatched", name)

    eventbridge._dispatch_to_lambda = dispatch_to_lambda


def event_of(payload: object) -> object:
    """What the function is given; text that is no JSON comes as `body`, as ministack gives it."""
    try:
        return json.loads(payload)  # type: ignore[arg-type]
    except (json.JSONDecodeError, TypeError):
        return {"body": payload}
