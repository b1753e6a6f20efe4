# SPDX-License-Identifier: Apache-2.0
"""Names errors of `aws-sdk:` states of KMS and CloudHSM as Step Functions does: as the AWS SDK for Java 2 spells them.

LocalStack takes the service's id, `KMS` and `CloudHSMV2`, so a workflow that retries `Kms.KmsInternalException`, as it must
on AWS, would not. For the services that its authors compared with AWS (`DynamoDb`, `Sfn`) it has the SDK's spelling.
@see localstack/services/stepfunctions/.../state_task_service_aws_sdk.py, _normalise_exception_name
"""

from keyturn_localstack.settings import Settings

MODULE = "localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service_aws_sdk"
REQUIRES = (
    f"{MODULE}:_SERVICE_ERROR_NAMES",
    f"{MODULE}:StateTaskServiceAwsSdk._normalise_exception_name",
)

NAMES = {"kms": "Kms", "cloudhsmv2": "CloudHsmV2"}


def apply(settings: Settings) -> None:
    import importlib

    module = importlib.import_module(MODULE)
    module._SERVICE_ERROR_NAMES.update(NAMES)
    normalise = module.StateTaskServiceAwsSdk._normalise_exception_name
    module.StateTaskServiceAwsSdk._normalise_exception_name = staticmethod(
        lambda service, error: as_spelled(normalise(service, error))
    )


def as_spelled(name: str) -> str:
    """`Kms.KmsInternalException` for `Kms.KMSInternalException`; others as they are."""
    return name.replace("Kms.KMS", "Kms.Kms", 1)
