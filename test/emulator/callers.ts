// SPDX-License-Identifier: Apache-2.0
// KMS clients of callers that a trusted gateway tells of: a role's session with its policies.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateKeyCommand, type CreateKeyCommandInput, type KMSClient } from '@aws-sdk/client-kms';
import type { StartOptions } from '#emulator/start.ts';
import { startEmulator, type TestEmulator } from './support.ts';

const SECRET = 'gateway-secret';

/** The account that owns the emulator's keys. */
export const ACCOUNT = '000000000000';

/** Members of the gateway's header beyond the principal. */
export interface CallerOptions {
  readonly account?: string;
  readonly identityPolicies?: readonly unknown[];
  readonly boundaryPolicies?: readonly unknown[];
  readonly sessionPolicies?: readonly unknown[];
  readonly isRoot?: boolean;
  readonly viaService?: string;
  readonly principalTags?: Readonly<Record<string, string>>;
  readonly principalOrgId?: string;
  readonly roleArn?: string;
  readonly sourceIp?: string;
}

/** ARN of a role of the account. */
export const roleArn = (role: string, account = ACCOUNT) => `arn:aws:iam::${account}:role/${role}`;

/** A client of a role's session. */
export function clientOf(
  emulator: TestEmulator,
  role: string,
  options: CallerOptions = {},
): KMSClient {
  const account = options.account ?? ACCOUNT;
  const principalArn =
    options.isRoot === true
      ? `arn:aws:iam::${account}:root`
      : `arn:aws:sts::${account}:assumed-role/${role}/session`;
  const caller = { principalArn, account, identityPolicies: [], isRoot: false, ...options };
  const value = Buffer.from(JSON.stringify(caller)).toString('base64url');
  const kms = emulator.kms();
  kms.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { headers: Record<string, string> };
      request.headers['x-keyturn-gateway-secret'] = SECRET;
      request.headers['x-keyturn-caller'] = value;
      return next(args);
    },
    { step: 'build' },
  );
  return kms;
}

/** An identity policy of one Allow. */
export const allow = (Action: string | string[], more: object = {}) => ({
  Statement: [{ Effect: 'Allow', Action, Resource: '*', ...more }],
});

/** A policy of one Deny. */
export const deny = (Action: string) => ({
  Statement: [{ Effect: 'Deny', Action, Resource: '*' }],
});

/** Statement of the default key policy: the account's identity policies decide. */
export const delegation = {
  Effect: 'Allow',
  Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
  Action: 'kms:*',
  Resource: '*',
};

/** Starts an emulator that believes the gateway. */
export async function startBehindGateway(options: Partial<StartOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
  writeFileSync(join(folder, 'secret'), SECRET);
  const emulator = await startEmulator({ ...options, gatewaySecretPath: join(folder, 'secret') });
  const stop = async () => {
    await emulator.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...emulator, stop };
}

/** A key whose policy delegates to the account and has these statements besides. */
export async function newKey(
  root: KMSClient,
  statements: readonly object[] = [],
  input: CreateKeyCommandInput = {},
) {
  const Policy = JSON.stringify({ Statement: [delegation, ...statements] });
  const { KeyMetadata } = await root.send(new CreateKeyCommand({ Policy, ...input }));
  return { keyId: KeyMetadata?.KeyId ?? '', arn: KeyMetadata?.Arn ?? '' };
}
