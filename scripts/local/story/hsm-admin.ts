// SPDX-License-Identifier: Apache-2.0
// Plays the HSM administrator: has the tasks of provisioning done, as a person would with their own CA and the CloudHSM
// CLI, which is `npm run hsm-admin` here.
import 'reflect-metadata';
import { createHash, webcrypto } from 'node:crypto';
import { join } from 'node:path';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as x509 from '@peculiar/x509';
import { type Client, ProblemError, type ResponseOf } from '#client/sdk/index.ts';
import { run } from '../commands.ts';
import { ROOT_KEY } from '../environment.ts';
import { LocalStackError } from '../errors.ts';
import { layoutOf, ROOT } from '../layout.ts';
import type { StackInfo } from '../stack-file.ts';
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

/** An HSM administrator's place of work: whom the API knows them as, and the stack whose HSMs they reach. */
export interface HsmSite {
  readonly operator: Client;
  readonly stack: StackInfo;
  /** The stack's directory, see `layoutOf`. */
  readonly directory: string;
}

type Task = ResponseOf<'listTasks'>['items'][number];

/** The first password of `kmsuser`, where the deployment put it. */
async function firstPassword({ stack }: HsmSite): Promise<string> {
  const { gatewayUrl: endpoint, region, outputs } = stack;
  const client = new SecretsManagerClient({ endpoint, region, credentials: ROOT_KEY });
  const command = new GetSecretValueCommand({ SecretId: outputs['KeyStoreSecretArn'] });
  const { SecretString } = await client.send(command);
  if (SecretString === undefined) throw new LocalStackError('the key store secret has no value');
  return SecretString;
}

/** Runs the HSM administrator's command. @returns why it was refused, or null */
export async function hsmAdmin(
  site: HsmSite,
  args: readonly string[],
  password?: string,
): Promise<string | null> {
  const script = join(ROOT, 'emulator', 'hsm-admin', 'main.ts');
  const data = ['--data', layoutOf(site.directory, site.stack.emulator).hsmData];
  const { code, output } = await run(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', script, ...args, ...data],
    { cwd: ROOT, env: { ...process.env, HSM_ADMIN_PASSWORD: password } },
  );
  if (code === 0) return null;
  if (code === 1) return output;
  throw new LocalStackError(`hsm-admin ${args.join(' ')} ended with ${code}: ${output}`);
}

/** Activates the cluster and creates `kmsuser`; repeated, it sets the password that KMS will be given. */
async function activateCluster(site: HsmSite, clusterId: string): Promise<void> {
  const password = await firstPassword(site);
  const cluster = ['--cluster', clusterId];
  const refused = [await hsmAdmin(site, ['activate', ...cluster])];
  const made = await hsmAdmin(site, ['create-user', ...cluster], password);
  const isThere = made?.includes('USER_EXISTS') === true;
  refused.push(isThere ? await hsmAdmin(site, ['set-password', ...cluster], password) : made);
  const reasons = refused.filter((reason) => reason !== null);
  if (reasons.length > 0) throw new LocalStackError(reasons.join('').trim());
}

/** Gives `kmsuser` the password that KMS will be told, and unlocks it. */
async function resetKmsUser(site: HsmSite, clusterId: string): Promise<void> {
  const cluster = ['--cluster', clusterId];
  await hsmAdmin(site, ['logout', ...cluster]);
  const refused = await hsmAdmin(site, ['set-password', ...cluster], await firstPassword(site));
  if (refused !== null) throw new LocalStackError(refused.trim());
}

/** Deletes what a restore brought back, and lists what is left. */
async function deleteObjects(site: HsmSite, clusterId: string, labels: readonly string[]) {
  const cluster = ['--cluster', clusterId];
  for (const label of labels) {
    const refused = await hsmAdmin(site, ['delete-object', ...cluster, '--label', label]);
    // Named by the record, which does not know whether KMS had deleted it in the HSMs before.
    if (refused !== null && !refused.includes('OBJECT_NOT_FOUND'))
      throw new LocalStackError(refused.trim());
  }
  const left = await listLabels(site, clusterId);
  return {
    listingDigest: createHash('sha256').update(left.join('\n')).digest('hex'),
    objectsListed: left.length,
    objectsFound: left.filter((label) => labels.includes(label)).length,
  };
}

/** Labels of all objects of a cluster. */
export async function listLabels(site: HsmSite, clusterId: string): Promise<readonly string[]> {
  const { kmsUrl, adminToken } = site.stack;
  const headers = { 'x-admin-token': adminToken };
  const answer = await fetch(`${kmsUrl}/_admin/hsm/objects?clusterId=${clusterId}`, { headers });
  if (!answer.ok) throw new LocalStackError(`the HSMs list nothing: ${answer.status}`);
  const { objects } = (await answer.json()) as { objects: readonly { readonly label: string }[] };
  return objects.map(({ label }) => label);
}

/** What an administrator answers to a task, having done it. */
async function answerTo(site: HsmSite, task: Task) {
  if (task.kind === 'delete-objects' && task.clusterId !== null)
    return { listing: await deleteObjects(site, task.clusterId, task.objects) };
  return task.certificateRequest === null ? {} : signRequest(task.certificateRequest);
}

/** Does one open task, if there is one. @returns its kind */
export async function doOpenTask(site: HsmSite, keyStore: string): Promise<string | null> {
  const { operator } = site;
  const { body } = await operator.listTasks(keyStore);
  const task = body.items.find((candidate) => candidate.state === 'open');
  if (!task) return null;
  const { clusterId } = (await operator.getKeyStore(keyStore)).body;
  if (task.kind === 'activate-cluster' && clusterId !== null) {
    await activateCluster(site, clusterId);
  }
  if (task.kind === 'reset-kmsuser' && task.clusterId !== null) {
    await resetKmsUser(site, task.clusterId);
  }
  await operator.completeTask({ keyStore, task: task.id }, await answerTo(site, task));
  return task.kind;
}

/**
 * Sees the provisioning of a key store through.
 * @returns the custom key store's id
 */
export async function administer(
  site: HsmSite,
  keyStore: string,
  onTask: (kind: string) => void,
): Promise<string> {
  return until(
    async () => {
      const kind = await doOpenTask(site, keyStore);
      if (kind !== null) onTask(kind);
      const { body } = await site.operator.getKeyStore(keyStore);
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
export async function provisionKeyStore(site: HsmSite, keyStore: string): Promise<string> {
  const { operator } = site;
  if (!(await isKnown(() => operator.getKeyStore(keyStore)))) {
    await operator.createKeyStore({ name: keyStore });
  }
  return administer(site, keyStore, () => {});
}
