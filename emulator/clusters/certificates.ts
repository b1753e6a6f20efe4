// SPDX-License-Identifier: Apache-2.0
// Certificates of a cluster: the CSR its first HSM makes, and the check of what the customer's CA signed.
import 'reflect-metadata';
import { createPublicKey, X509Certificate as NodeCertificate, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { Pkcs10CertificateRequest, Pkcs10CertificateRequestGenerator } from '@peculiar/x509';

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
};

x509.cryptoProvider.set(webcrypto);

/** CSR and HSM certificate of a new cluster, PEM. The private key stays with the HSM: it is dropped here. */
export async function makeClusterCertificates(clusterId: string, hsmId: string) {
  const keys = await webcrypto.subtle.generateKey(RSA, false, ['sign', 'verify']);
  const name = `CN=${clusterId},O=Keyturn local CloudHSM,C=US`;
  const csr = await Pkcs10CertificateRequestGenerator.create({
    name,
    keys,
    signingAlgorithm: RSA,
  });
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${hsmId},O=Keyturn local CloudHSM,C=US`,
    keys,
    signingAlgorithm: RSA,
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + 3650 * 86_400_000),
  });
  return { csr: csr.toString('pem'), hsmCertificate: certificate.toString('pem') };
}

function parseCertificate(pem: string): NodeCertificate | undefined {
  try {
    return new NodeCertificate(pem);
  } catch {
    return undefined;
  }
}

function isValidAt(certificate: NodeCertificate, now: number): boolean {
  return Date.parse(certificate.validFrom) <= now && now <= Date.parse(certificate.validTo);
}

/** Why these certificates do not initialize the cluster of this CSR; undefined when they do. */
export function certificateProblem(
  given: { readonly signedCert: string; readonly trustAnchor: string; readonly csr: string },
  now: number,
): string | undefined {
  const signed = parseCertificate(given.signedCert);
  const anchor = parseCertificate(given.trustAnchor);
  if (signed === undefined) return 'SignedCert is not a certificate.';
  if (anchor === undefined) return 'TrustAnchor is not a certificate.';
  if (!anchor.checkIssued(anchor) || !anchor.verify(anchor.publicKey)) {
    return 'TrustAnchor must be a self-signed certificate.';
  }
  const csrKey = createPublicKey({
    key: Buffer.from(new Pkcs10CertificateRequest(given.csr).publicKey.rawData),
    format: 'der',
    type: 'spki',
  });
  if (!signed.publicKey.equals(csrKey))
    return "SignedCert is not for the key of the cluster's CSR.";
  if (!signed.checkIssued(anchor) || !signed.verify(anchor.publicKey)) {
    return 'SignedCert was not signed by TrustAnchor.';
  }
  if (!isValidAt(signed, now)) return 'SignedCert is not valid at this time.';
  return isValidAt(anchor, now) ? undefined : 'TrustAnchor is not valid at this time.';
}
