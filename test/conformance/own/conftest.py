# SPDX-License-Identifier: Apache-2.0
"""A world with one of everything: a connected custom key store and keys of every kind, made through boto3."""

import datetime
import time

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PASSWORD = "kmsuser-password"


def until(what, probe, seconds=20):
    deadline = time.monotonic() + seconds
    while not (found := probe()):
        assert time.monotonic() < deadline, f"timed out waiting: {what}"
        time.sleep(0.05)
    return found


@pytest.fixture(scope="session")
def kms():
    return boto3.client("kms")


@pytest.fixture(scope="session")
def cloudhsm():
    return boto3.client("cloudhsmv2")


class CustomerCa:
    """The customer's CA, which signs the CSR of a cluster."""

    def __init__(self):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Conformance CA")])
        certificate = self._build(self._name, self._key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.trust_anchor = self._sign(certificate)

    def _build(self, subject, public_key):
        now = datetime.datetime.now(datetime.timezone.utc)
        day = datetime.timedelta(days=1)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - day)
            .not_valid_after(now + day)
        )

    def _sign(self, builder):
        signed = builder.sign(self._key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM).decode()

    def certificate_for(self, csr):
        request = x509.load_pem_x509_csr(csr.encode())
        return self._sign(self._build(request.subject, request.public_key()))


def cluster_of(cloudhsm, cluster_id):
    found = cloudhsm.describe_clusters(Filters={"clusterIds": [cluster_id]})["Clusters"]
    return found[0] if found else {}


@pytest.fixture(scope="session")
def ca():
    return CustomerCa()


@pytest.fixture(scope="session")
def cluster(cloudhsm, ca):
    """An active cluster with HSMs in two zones."""
    subnets = ["subnet-0000000a", "subnet-0000000b"]
    made = cloudhsm.create_cluster(HsmType="hsm1.medium", SubnetIds=subnets)["Cluster"]
    cluster_id = made["ClusterId"]

    def reach(state):
        until(state, lambda: cluster_of(cloudhsm, cluster_id).get("State") == state)

    reach("UNINITIALIZED")
    cloudhsm.create_hsm(ClusterId=cluster_id, AvailabilityZone="us-east-1a")
    csr = until(
        "the CSR is there",
        lambda: cluster_of(cloudhsm, cluster_id).get("Certificates", {}).get("ClusterCsr"),
    )
    cloudhsm.initialize_cluster(
        ClusterId=cluster_id, SignedCert=ca.certificate_for(csr), TrustAnchor=ca.trust_anchor
    )
    reach("ACTIVE")
    cloudhsm.create_hsm(ClusterId=cluster_id, AvailabilityZone="us-east-1b")
    until(
        "the HSMs are active",
        lambda: all(hsm["State"] == "ACTIVE" for hsm in cluster_of(cloudhsm, cluster_id)["Hsms"]),
    )
    return cluster_id


@pytest.fixture(scope="session")
def key_store(kms, cluster, ca):
    """A connected custom key store on the cluster."""
    store_id = kms.create_custom_key_store(
        CustomKeyStoreName="conformance",
        CloudHsmClusterId=cluster,
        TrustAnchorCertificate=ca.trust_anchor,
        KeyStorePassword=PASSWORD,
    )["CustomKeyStoreId"]
    kms.connect_custom_key_store(CustomKeyStoreId=store_id)

    def connected():
        found = kms.describe_custom_key_stores(CustomKeyStoreId=store_id)["CustomKeyStores"]
        return found[0]["ConnectionState"] == "CONNECTED"

    until("the key store is connected", connected)
    return store_id
