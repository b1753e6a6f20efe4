# SPDX-License-Identifier: Apache-2.0
"""Leaves the decision on KMS and CloudHSM to the key endpoint; here the caller is only authenticated.

ministack evaluates identity policies before it calls a handler, and key policies against its own key store. A
role without IAM policies would be refused although the key policy names it, which on AWS suffices. And it knows no
tags of clusters, by which a policy may allow a call. The endpoint decides on both with the caller's policies. So for
these services its evaluation may still fail a request for bad credentials, but no longer for missing permissions.
"""

from gateway.settings import Settings

SERVICES = ("kms", "cloudhsmv2")
REQUIRES = ("ministack.core.iam_evaluator:enforce", "ministack.core.iam_evaluator:AuthError")


def apply(settings: Settings) -> None:
    from ministack.core import iam_evaluator

    original = iam_evaluator.enforce

    def enforce(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
        result = original(access_key_id, iam_action, service, region, resource_arn, service_context)
        if service in SERVICES and not isinstance(result, iam_evaluator.AuthError):
            return None
        return result

    iam_evaluator.enforce = enforce
