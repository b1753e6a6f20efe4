// SPDX-License-Identifier: Apache-2.0
// Plays the HSM administrator: has the tasks of provisioning done, as a person would with their own CA and, on AWS,
// the CloudHSM CLI. Cluster activation is done by the stand-in itself; the task is reported all the same.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { type Client, ProblemError } from '#client/sdk/index.ts';
import { until } from '../waiting.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const TEN_YEARS_MS = 10 * 365 * 86_400_000;

/** Signs a cluster's certificate request with a new CA, whose key is dropped afterwards. */
export async function signRequest(
  request: string,
): Promise<{ signedCertificate: string; trustAnchor: string }> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const validity = { notBefore: new Date(), notAfter: new Date(Date.now() + TEN_YEARS_MS) };
  const issuer = 'CN=Keyturn local HSM CA';
  const anchor = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: issuer,
    ...validity,
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  const csr = new x509.Pkcs10CertificateRequest(request);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: '02',
    subject: csr.subject,
    issuer,
    ...validity,
    publicKey: csr.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm: ALGORITHM,
  });
  return { signedCertificate: certificate.toString('pem'), trustAnchor: anchor.toString('pem') };
}

/** Does one open task, if there is one. @returns its kind */
async function doOpenTask(operator: Client, keyStore: string): Promise<string | null> {
  const { body } = await operator.listTasks(keyStore);
  const task = body.items.find((candidate) => candidate.state === 'open');
  if (!task) return null;
  const answer = task.certificateRequest === null ? {} : await signRequest(task.certificateRequest);
  await operator.completeTask({ keyStore, task: task.id }, answer);
  return task.kind;
}

/**
 * Sees the provisioning of a key store through.
 * @returns the custom key store's id
 */
export async function administer(
  operator: Client,
  keyStore: string,
  onTask: (kind: string) => void,
): Promise<string> {
  return until(
    async () => {
      const kind = await doOpenTask(operator, keyStore);
      if (kind !== null) onTask(kind);
      const { body } = await operator.getKeyStore(keyStore);
      if (body.state === 'parked') throw new Error(`provisioning stopped: ${JSON.stringify(body)}`);
      return body.state === 'done' && body.keyStoreId !== null && body.keyStoreId;
    },
    { timeoutSeconds: 180, what: `key store ${keyStore} to be provisioned` },
  );
}

/** True unless the API answers 404. */
export async function isKnown(read: () => Promise<unknown>): Promise<boolean> {
  try {
    await read();
    return true;
  } catch (error) {
    if (error instanceof ProblemError && error.status === 404) return false;
    throw error;
  }
}

/** Has a key store provisioned, unless it is, and sees it through. @returns the custom key store's id */
export async function provisionKeyStore(operator: Client, keyStore: string): Promise<string> {
  if (!(await isKnown(() => operator.getKeyStore(keyStore)))) {
    await operator.createKeyStore({ name: keyStore });
  }
  return administer(operator, keyStore, () => {});
}
