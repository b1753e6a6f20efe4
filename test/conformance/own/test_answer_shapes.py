# SPDX-License-Identifier: Apache-2.0
"""Every operation of botocore's models of KMS and CloudHSM v2 is called, and its answer held against the model."""

import hashlib
import json
import os

import boto3
import pytest
from botocore.exceptions import ClientError
from conftest import PASSWORD, cluster_of, until
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from shapes import answer_problems, problems_of

SERVICES = ("kms", "cloudhsmv2")
# Operations for keys that cannot be made here: their refusals are checked, not their answers.
REFUSED = {"Encapsulate", "Decapsulate"}


class Recorder:
    """Clients that keep what came back, before botocore parses it away."""

    def __init__(self):
        self.problems = []
        self.answered = set()

    def client(self, service):
        client = boto3.client(service)
        client.meta.events.register(f"before-parse.{service}", self._check)
        return client

    def _check(self, operation_model, response_dict, **_rest):
        status = response_dict["status_code"]
        if status < 300:
            self.answered.add(operation_model.name)
        self.problems += answer_problems(operation_model, status, response_dict["body"])


@pytest.fixture(scope="module")
def recorder():
    return Recorder()


@pytest.fixture(scope="module")
def calls(recorder):
    return recorder.client("kms")


def arn_of(kms, **request):
    return kms.create_key(**request)["KeyMetadata"]["Arn"]


def test_a_wrong_answer_is_seen(kms):
    """The check itself: what it must find, it finds."""
    describe = kms.meta.service_model.operation_model("DescribeKey")
    metadata = {"KeyId": 7, "Surprise": True, "CreationDate": "today", "KeyState": "Sleepy"}

    assert len(problems_of(describe.output_shape, {"KeyMetadata": metadata}, "DescribeKey")) == 4
    assert answer_problems(describe, 400, b'{"__type": "DisabledException"}') != []
    assert answer_problems(describe, 200, json.dumps({"KeyMetadata": {}}).encode()) != []


def test_key_administration(calls):
    key = arn_of(calls, Tags=[{"TagKey": "a", "TagValue": "b"}], Description="one")
    other = arn_of(calls)
    calls.describe_key(KeyId=key)
    calls.list_keys(Limit=1)
    calls.update_key_description(KeyId=key, Description="two")
    calls.create_alias(AliasName="alias/shapes", TargetKeyId=key)
    calls.update_alias(AliasName="alias/shapes", TargetKeyId=other)
    calls.list_aliases()
    calls.delete_alias(AliasName="alias/shapes")
    calls.tag_resource(KeyId=key, Tags=[{"TagKey": "c", "TagValue": "d"}])
    calls.list_resource_tags(KeyId=key)
    calls.untag_resource(KeyId=key, TagKeys=["c"])
    policy = calls.get_key_policy(KeyId=key)["Policy"]
    calls.put_key_policy(KeyId=key, Policy=policy)
    calls.list_key_policies(KeyId=key)
    calls.disable_key(KeyId=key)
    calls.enable_key(KeyId=key)
    calls.get_key_last_usage(KeyId=key)
    calls.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    calls.cancel_key_deletion(KeyId=key)


def test_grants(calls):
    key = arn_of(calls)
    root = "arn:aws:iam::000000000000:root"
    request = {"KeyId": key, "GranteePrincipal": root, "RetiringPrincipal": root}
    constraints = {"EncryptionContextSubset": {"a": "b"}}
    first, second = (
        calls.create_grant(**request, Operations=["Decrypt"], Constraints=constraints, Name=name)
        for name in ("first", "second")
    )
    calls.list_grants(KeyId=key)
    calls.list_retirable_grants(RetiringPrincipal=root)
    calls.retire_grant(GrantToken=first["GrantToken"])
    calls.revoke_grant(KeyId=key, GrantId=second["GrantId"])


def test_rotation(calls):
    key = arn_of(calls)
    calls.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    calls.get_key_rotation_status(KeyId=key)
    calls.rotate_key_on_demand(KeyId=key)
    calls.get_key_rotation_status(KeyId=key)
    until("it has rotated", lambda: calls.list_key_rotations(KeyId=key)["Rotations"])
    calls.disable_key_rotation(KeyId=key)
    calls.get_key_rotation_status(KeyId=key)


def test_symmetric_cryptography(calls, key_store):
    standard = arn_of(calls)
    for key in (standard, arn_of(calls, Origin="AWS_CLOUDHSM", CustomKeyStoreId=key_store)):
        calls.describe_key(KeyId=key)
        blob = calls.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
        calls.decrypt(CiphertextBlob=blob)
        calls.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key)
        calls.generate_data_key(KeyId=key, KeySpec="AES_256")
        calls.generate_data_key_without_plaintext(KeyId=key, KeySpec="AES_128")
        with pytest.raises(ClientError, match="DryRunOperation"):
            calls.encrypt(KeyId=key, Plaintext=b"x", DryRun=True)
    calls.generate_data_key_pair(KeyId=standard, KeyPairSpec="ECC_NIST_P256")
    calls.generate_data_key_pair_without_plaintext(KeyId=standard, KeyPairSpec="ECC_NIST_P256")
    calls.generate_random(NumberOfBytes=32)


def test_other_cryptography(calls):
    digest = hashlib.sha256(b"x").digest()
    signer = arn_of(calls, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    how = {"KeyId": signer, "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"}
    signature = calls.sign(Message=digest, **how)["Signature"]
    calls.verify(Message=digest, Signature=signature, **how)
    calls.get_public_key(KeyId=signer)
    mac_key = arn_of(calls, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    how = {"KeyId": mac_key, "Message": b"x", "MacAlgorithm": "HMAC_SHA_256"}
    calls.verify_mac(Mac=calls.generate_mac(**how)["Mac"], **how)
    pair = arn_of(calls, KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    calls.encrypt(KeyId=pair, Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    calls.get_public_key(KeyId=pair)
    agreement = arn_of(calls, KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")
    peer = ec.generate_private_key(ec.SECP256R1()).public_key()
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    der = peer.public_bytes(serialization.Encoding.DER, info)
    calls.derive_shared_secret(KeyId=agreement, KeyAgreementAlgorithm="ECDH", PublicKey=der)


def test_import(calls):
    key = arn_of(calls, Origin="EXTERNAL")
    how = {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
    parameters = calls.get_parameters_for_import(KeyId=key, **how)
    public_key = serialization.load_der_public_key(parameters["PublicKey"])
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
    calls.import_key_material(
        KeyId=key,
        ImportToken=parameters["ImportToken"],
        EncryptedKeyMaterial=public_key.encrypt(os.urandom(32), oaep),
        ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
    )
    calls.describe_key(KeyId=key)
    calls.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")
    calls.delete_imported_key_material(KeyId=key)


def test_regions(calls):
    key = arn_of(calls, MultiRegion=True)
    calls.describe_key(KeyId=key)
    calls.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
    replica = boto3.client("kms", region_name="eu-west-1")
    key_id = key.rsplit("/", 1)[1]
    until("the replica is enabled", lambda: state_of(replica, key_id) == "Enabled")
    calls.update_primary_region(KeyId=key, PrimaryRegion="eu-west-1")
    calls.describe_key(KeyId=key)


def state_of(kms, key):
    return kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]


def test_clusters_and_key_stores(recorder, calls, ca):
    hsm = recorder.client("cloudhsmv2")
    made = hsm.create_cluster(
        HsmType="hsm1.medium",
        SubnetIds=["subnet-0000000a", "subnet-0000000b"],
        TagList=[{"Key": "a", "Value": "b"}],
    )["Cluster"]["ClusterId"]

    def reach(state):
        until(state, lambda: cluster_of(hsm, made).get("State") == state)

    reach("UNINITIALIZED")
    hsm.create_hsm(ClusterId=made, AvailabilityZone="us-east-1a")
    csr = until("CSR", lambda: cluster_of(hsm, made).get("Certificates", {}).get("ClusterCsr"))
    hsm.initialize_cluster(
        ClusterId=made, SignedCert=ca.certificate_for(csr), TrustAnchor=ca.trust_anchor
    )
    reach("ACTIVE")
    hsm.modify_cluster(
        ClusterId=made, BackupRetentionPolicy={"Type": "DAYS", "Value": "14"}
    )
    hsm.tag_resource(ResourceId=made, TagList=[{"Key": "c", "Value": "d"}])
    hsm.list_tags(ResourceId=made)
    hsm.untag_resource(ResourceId=made, TagKeyList=["c"])
    second = hsm.create_hsm(ClusterId=made, AvailabilityZone="us-east-1b")["Hsm"]["HsmId"]
    until("HSMs", lambda: all(x["State"] == "ACTIVE" for x in cluster_of(hsm, made)["Hsms"]))
    store = calls.create_custom_key_store(
        CustomKeyStoreName="shapes",
        CloudHsmClusterId=made,
        TrustAnchorCertificate=ca.trust_anchor,
        KeyStorePassword=PASSWORD,
    )["CustomKeyStoreId"]
    calls.update_custom_key_store(CustomKeyStoreId=store, NewCustomKeyStoreName="shapes-2")
    calls.connect_custom_key_store(CustomKeyStoreId=store)

    def connection(state):
        found = calls.describe_custom_key_stores(CustomKeyStoreId=store)["CustomKeyStores"]
        return found[0]["ConnectionState"] == state

    until("connected", lambda: connection("CONNECTED"))
    calls.disconnect_custom_key_store(CustomKeyStoreId=store)
    until("disconnected", lambda: connection("DISCONNECTED"))
    calls.delete_custom_key_store(CustomKeyStoreId=store)
    hsm.delete_hsm(ClusterId=made, HsmId=second)
    until("one HSM", lambda: len(cluster_of(hsm, made)["Hsms"]) == 1)
    _backups(hsm, made)
    hsm.delete_hsm(ClusterId=made, HsmId=cluster_of(hsm, made)["Hsms"][0]["HsmId"])
    until("no HSM", lambda: not cluster_of(hsm, made)["Hsms"])
    hsm.delete_cluster(ClusterId=made)


def _backups(hsm, cluster):
    def ready():
        found = hsm.describe_backups(Filters={"clusterIds": [cluster]})["Backups"]
        return next((b for b in found if b["BackupState"] == "READY"), None)

    backup = until("a backup is ready", ready)
    backup_id = backup["BackupId"]
    hsm.modify_backup_attributes(BackupId=backup_id, NeverExpires=True)
    hsm.copy_backup_to_region(BackupId=backup_id, DestinationRegion="eu-west-1")
    arn = backup["BackupArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "cloudhsm:DescribeBackups",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    hsm.put_resource_policy(ResourceArn=arn, Policy=policy)
    hsm.get_resource_policy(ResourceArn=arn)
    hsm.delete_resource_policy(ResourceArn=arn)
    hsm.delete_backup(BackupId=backup_id)
    hsm.restore_backup(BackupId=backup_id)


def test_generated_refusals(recorder):
    """A request made from the model alone, for things that are not there: an error the operation declares."""
    for service in SERVICES:
        client = recorder.client(service)
        model = client.meta.service_model
        for name in model.operation_names:
            operation = model.operation_model(name)
            request = sample(operation.input_shape) if operation.input_shape else {}
            try:
                client._make_api_call(name, request)
            except ClientError:
                pass


def sample(shape):
    """A value that satisfies the model: required members, the least of everything."""
    kind = shape.type_name
    if kind == "structure":
        return {name: sample(shape.members[name]) for name in shape.required_members}
    if kind == "list":
        return [sample(shape.member)]
    if kind == "map":
        return {"a": "b"}
    if kind == "string":
        return _text(shape)
    least = shape.metadata.get("min", 1)
    return {"boolean": True, "timestamp": 1, "blob": b"x" * least}.get(kind, least)


def _text(shape):
    if shape.enum:
        return shape.enum[0]
    if shape.name in ("KeyIdType", "NullableMaterialIdResponseType"):
        return "11111111-2222-3333-4444-555555555555"
    return "a" * shape.metadata.get("min", 1)


def test_every_operation_was_answered_and_every_answer_is_of_the_model(recorder):
    models = [boto3.client(service).meta.service_model for service in SERVICES]
    operations = {name for model in models for name in model.operation_names}

    assert recorder.problems == []
    assert operations - recorder.answered == REFUSED
