# SPDX-License-Identifier: Apache-2.0
"""The role under which a running state machine acts, and the IAM decision for one action under it.

Executions run on threads of their own; threads of Map and Parallel copy the context, so one variable is enough.
"""

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Iterator

from forwarding.caller import Caller
from ministack.core import iam_evaluator
from ministack.core.responses import get_region
from ministack.services import iam

from gateway.caller import role_session


@dataclass(frozen=True)
class Execution:
    """A running execution: its role, and the session name its calls carry."""

    role_arn: str
    session: str
    state_machine_arn: str = ""
    """Empty for a role that acts without a state machine, such as a schedule's."""

    @property
    def account(self) -> str:
        return self.role_arn.split(":")[4]

    @property
    def role_name(self) -> str:
        return self.role_arn.rsplit("/", 1)[-1]

    @property
    def principal_arn(self) -> str:
        return f"arn:aws:sts::{self.account}:assumed-role/{self.role_name}/{self.session[:64]}"

    def caller(self) -> Caller:
        return role_session(self.role_arn, self.session)


_current: ContextVar[Execution | None] = ContextVar("keyturn_execution", default=None)


def current() -> Execution | None:
    """The execution on whose behalf this code runs, if any."""
    return _current.get()


@contextmanager
def acting_as(execution: Execution | None) -> Iterator[None]:
    """Runs a block as `execution`, or as nobody's execution with None."""
    token = _current.set(execution)
    try:
        yield
    finally:
        _current.reset(token)


def denial(execution: Execution, action: str, resource: str, context: dict | None = None) -> str | None:
    """Why the role may not do this, or None when it may."""
    request = iam_evaluator.EvalContext(
        principal_arn=execution.principal_arn,
        principal_type="AssumedRole",
        principal_account=execution.account,
        action=action,
        resource_arn=resource,
        region=get_region(),
        service_context={name.lower(): value for name, value in (context or {}).items()},
        principal_keys={},
    )
    policies = iam_evaluator._gather_role_policies(execution.role_name, execution.account)
    limits = iam_evaluator._permissions_boundary(iam._roles, execution.role_name, execution.account)
    result = iam_evaluator.evaluate(request, policies, *limits)
    resource_policy = iam_evaluator._resource_policy(action.partition(":")[0], resource)
    if resource_policy is not None:
        result = iam_evaluator.combine_resource_policy(result, request, *resource_policy, limits=tuple(limits))
    if result.decision == "Allow":
        return None
    return f"User: {execution.principal_arn} is not authorized to perform: {action} on resource: {resource}"
