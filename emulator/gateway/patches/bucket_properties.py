# SPDX-License-Identifier: Apache-2.0
"""Applies bucket properties that CloudFormation drops: object lock, default encryption, lifecycle, ownership.

ministack deploys such a bucket without complaint and without them: an evidence bucket that can be emptied. Each
property is put through the emulator's own S3 operation, so what it refuses fails the stack.
"""

from xml.etree.ElementTree import Element, SubElement, tostring

from gateway.patches.after_deploy import applied_after, is_true
from gateway.settings import Settings

REQUIRES = (
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
    "ministack.services.s3:_bucket_object_lock",
    "ministack.services.s3:_bucket_versioning",
    "ministack.services.s3:_put_object_lock_configuration",
    "ministack.services.s3:_put_bucket_encryption",
    "ministack.services.s3:_put_bucket_lifecycle",
    "ministack.services.s3:_put_bucket_ownership_controls",
)

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def apply(settings: Settings) -> None:
    applied_after("AWS::S3::Bucket", put_properties, __name__)


def put_properties(name: str, props: dict) -> None:
    """Puts every property of the template that the provisioner left out."""
    from ministack.services import s3

    if is_true(props.get("ObjectLockEnabled")):
        s3._bucket_object_lock.setdefault(name, {"enabled": True, "default_retention": None})
        s3._bucket_versioning[name] = "Enabled"
    _put(s3._put_object_lock_configuration, name, _object_lock(props))
    _put(s3._put_bucket_encryption, name, _encryption(props))
    _put(s3._put_bucket_lifecycle, name, _lifecycle(props))
    _put(s3._put_bucket_ownership_controls, name, _ownership(props))


def _put(operation, name: str, document: Element | None) -> None:
    if document is None:
        return
    status, _, body = operation(name, tostring(document))
    if status >= 400:
        raise ValueError(f"AWS::S3::Bucket {name}: {body!r}")


def _object_lock(props: dict) -> Element | None:
    rule = (props.get("ObjectLockConfiguration") or {}).get("Rule") or {}
    retention = rule.get("DefaultRetention")
    if not retention:
        return None
    root = Element("ObjectLockConfiguration", xmlns=NAMESPACE)
    SubElement(root, "ObjectLockEnabled").text = "Enabled"
    _fill(SubElement(SubElement(root, "Rule"), "DefaultRetention"), retention, ("Mode", "Days", "Years"))
    return root


def _encryption(props: dict) -> Element | None:
    rules = (props.get("BucketEncryption") or {}).get("ServerSideEncryptionConfiguration")
    if not rules:
        return None
    root = Element("ServerSideEncryptionConfiguration", xmlns=NAMESPACE)
    for rule in rules:
        element, default = SubElement(root, "Rule"), rule.get("ServerSideEncryptionByDefault") or {}
        applied = SubElement(element, "ApplyServerSideEncryptionByDefault")
        _fill(applied, default, ("SSEAlgorithm", "KMSMasterKeyID"))
        if "BucketKeyEnabled" in rule:
            SubElement(element, "BucketKeyEnabled").text = str(is_true(rule["BucketKeyEnabled"])).lower()
    return root


def _lifecycle(props: dict) -> Element | None:
    rules = (props.get("LifecycleConfiguration") or {}).get("Rules")
    if not rules:
        return None
    root = Element("LifecycleConfiguration", xmlns=NAMESPACE)
    for rule in rules:
        element = SubElement(root, "Rule")
        _fill(element, {"ID": rule.get("Id"), "Status": rule.get("Status")}, ("ID", "Status"))
        SubElement(SubElement(element, "Filter"), "Prefix").text = str(rule.get("Prefix") or "")
        if "ExpirationInDays" in rule:
            SubElement(SubElement(element, "Expiration"), "Days").text = str(rule["ExpirationInDays"])
        noncurrent = rule.get("NoncurrentVersionExpiration") or {}
        if "NoncurrentDays" in noncurrent:
            _fill(SubElement(element, "NoncurrentVersionExpiration"), noncurrent, ("NoncurrentDays",))
        incomplete = rule.get("AbortIncompleteMultipartUpload") or {}
        if "DaysAfterInitiation" in incomplete:
            _fill(SubElement(element, "AbortIncompleteMultipartUpload"), incomplete, ("DaysAfterInitiation",))
    return root


def _ownership(props: dict) -> Element | None:
    rules = (props.get("OwnershipControls") or {}).get("Rules")
    if not rules:
        return None
    root = Element("OwnershipControls", xmlns=NAMESPACE)
    for rule in rules:
        _fill(SubElement(root, "Rule"), rule, ("ObjectOwnership",))
    return root


def _fill(element: Element, source: dict, members: tuple[str, ...]) -> None:
    for member in members:
        if source.get(member) is not None:
            SubElement(element, member).text = str(source[member])
