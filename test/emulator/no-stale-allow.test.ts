// SPDX-License-Identifier: Apache-2.0
// What a policy, a grant or a state no longer allows is refused from the moment the change was answered, however
// many clients are using the key; caches must not know it better.
import {
  CreateGrantCommand,
  DisableKeyCommand,
  EncryptCommand,
  type KMSClient,
  PutKeyPolicyCommand,
  RevokeGrantCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT, clientOf, delegation, newKey, roleArn, startBehindGateway } from './callers.ts';
import { rootCredentials } from './support.ts';

const CLIENTS = 8;

let emulator: Awaited<ReturnType<typeof startBehindGateway>>;
let root: KMSClient;
beforeAll(async () => {
  emulator = await startBehindGateway();
  root = emulator.kms({ credentials: rootCredentials });
});
afterAll(() => emulator.stop());

const allowed = { Effect: 'Allow', Principal: { AWS: roleArn('user') }, Action: 'kms:Encrypt' };

/** Encrypts from many clients, withdraws the permission meanwhile; answers how many calls sent afterwards passed. */
async function staleAllows(KeyId: string, withdraw: () => Promise<unknown>) {
  let passed = 0;
  let stale = 0;
  let isWithdrawn = false;
  const user = async () => {
    const kms = clientOf(emulator, 'user');
    for (;;) {
      const sentAfter = isWithdrawn;
      try {
        await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('used') }));
      } catch (error) {
        return error instanceof Error ? error.name : String(error);
      }
      passed += 1;
      if (sentAfter) stale += 1;
    }
  };
  const users = Array.from({ length: CLIENTS }, user);
  while (passed < 5 * CLIENTS) await new Promise((resolve) => setImmediate(resolve));
  await withdraw();
  isWithdrawn = true;
  return { refusals: new Set(await Promise.all(users)), stale };
}

describe('under load', () => {
  it('no call that is sent after DisableKey was answered succeeds', async () => {
    const { keyId } = await newKey(root, [{ ...allowed, Resource: '*' }]);
    const { refusals, stale } = await staleAllows(keyId, () =>
      root.send(new DisableKeyCommand({ KeyId: keyId })),
    );
    expect({ refusals, stale }).toEqual({ refusals: new Set(['DisabledException']), stale: 0 });
  });

  it('no call that is sent after PutKeyPolicy was answered succeeds by the old policy', async () => {
    const { keyId } = await newKey(root, [{ ...allowed, Resource: '*' }]);
    const Policy = JSON.stringify({ Statement: [delegation] });
    const { refusals, stale } = await staleAllows(keyId, () =>
      root.send(new PutKeyPolicyCommand({ KeyId: keyId, Policy })),
    );
    expect({ refusals, stale }).toEqual({ refusals: new Set(['AccessDeniedException']), stale: 0 });
  });

  it('no call that is sent after RevokeGrant was answered succeeds by the grant', async () => {
    const { keyId } = await newKey(root);
    const { GrantId = '' } = await root.send(
      new CreateGrantCommand({
        KeyId: keyId,
        GranteePrincipal: `arn:aws:iam::${ACCOUNT}:role/user`,
        Operations: ['Encrypt'],
      }),
    );
    const { refusals, stale } = await staleAllows(keyId, () =>
      root.send(new RevokeGrantCommand({ KeyId: keyId, GrantId })),
    );
    expect({ refusals, stale }).toEqual({ refusals: new Set(['AccessDeniedException']), stale: 0 });
  });
});
