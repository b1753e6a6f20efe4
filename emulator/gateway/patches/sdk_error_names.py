# SPDX-License-Identifier: Apache-2.0
"""Names errors of `aws-sdk:` states as Step Functions does: by exception class of the AWS SDK for Java 2.

ministack puts the wire name behind the service, so a workflow that catches `Kms.KmsInvalidStateException`, as it
must on AWS, would never match. In the SDK every `KMS...` class is spelled `Kms...`, and an error that is not
modelled by the service (a denial, a throttle) is the service's base exception. Not compared with AWS here.
"""

from gateway.settings import Settings

REQUIRES = (
    "ministack.services.stepfunctions:_prefix_sdk_error",
    "ministack.services.stepfunctions:_AWS_SDK_ERROR_PREFIX",
)

# Error names KMS answers on the wire without modelling them.
UNMODELLED = ("AccessDeniedException", "ThrottlingException", "ValidationException")


def apply(settings: Settings) -> None:
    from ministack.services import stepfunctions

    original = stepfunctions._prefix_sdk_error

    def prefix_sdk_error(service_name, error_code):
        code = error_code.rsplit("#", 1)[-1]
        prefix = stepfunctions._AWS_SDK_ERROR_PREFIX.get(service_name, service_name.capitalize())
        if service_name == "kms":
            code = f"{prefix}Exception" if code in UNMODELLED else code.replace("KMS", "Kms", 1)
        elif code == "AccessDeniedException":
            code = f"{prefix}Exception"
        return original(service_name, code)

    stepfunctions._prefix_sdk_error = prefix_sdk_error
