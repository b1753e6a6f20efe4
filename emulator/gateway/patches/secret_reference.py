# SPDX-License-Identifier: Apache-2.0
"""Makes `Ref` of a stack's secret its ARN, as on AWS.

ministack uses the name as physical id, so a policy that CDK grants on a secret names something that is no ARN and
allows nothing. The provisioner keeps working on names; the id is translated on its way in and out.
"""

from gateway.contract import handlers_of
from gateway.settings import Settings

REQUIRES = (
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
    "ministack.services.secretsmanager:_secrets",
)

SECRET = "AWS::SecretsManager::Secret"


def apply(settings: Settings) -> None:
    handler = handlers_of((SECRET,), __name__)[SECRET]
    create, update, delete = handler["create"], handler["update"], handler["delete"]

    def created(logical_id, props, stack_name):
        return _by_arn(create(logical_id, props, stack_name))

    def updated(physical_id, old_props, new_props, stack_name, logical_id=None):
        return _by_arn(update(_name_of(physical_id), old_props, new_props, stack_name, logical_id))

    def deleted(physical_id, props):
        return delete(_name_of(physical_id), props)

    handler.update(create=created, update=updated, delete=deleted)


def _by_arn(result: tuple) -> tuple:
    from ministack.services import secretsmanager

    name, attributes = result
    secret = secretsmanager._secrets.get(name)
    return (secret["ARN"] if secret else name), attributes


def _name_of(physical_id: str) -> str:
    from ministack.services import secretsmanager

    for name, secret in secretsmanager._secrets.items():
        if secret["ARN"] == physical_id:
            return name
    return physical_id
