// SPDX-License-Identifier: Apache-2.0
// The same request sent twice: at the same time, wherever the second overtakes the first, and again, wherever the first one
// failed. What stands in the way of the other (a taken name, a lease, a cap that is used up) was done for itself.
import { describe, expect, it, vi } from 'vitest';
import type { RouteId } from '#core/contract/routes.ts';
import { KeyturnError } from '#core/errors.ts';
import '#test/support/escrow-functions.ts';
import { EscrowScene } from '#test/support/escrow-scene.ts';
import { aForeignKey } from '#test/support/foreign-keys.ts';
import { type Answer, type Call, current, renewWorld, request } from '#test/support/functions.ts';
import { register } from '#test/support/reencryption.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { World } from '#test/support/world.ts';

vi.mock('#adapters/kms/key-inspector.ts', () => ({
  KmsKeyInspector: class {
    inspect = async () => aForeignKey({ aliases: ['alias/legacy-orders'] });
  },
}));
vi.mock('#adapters/kms/key-blocking.ts', () => ({
  KmsKeyBlocker: class {
    disable = (keyId: string) => current.world.ports.disable(keyId);
    revokeGrants = async () => 0;
  },
}));
vi.mock('#adapters/iam/role-brake.ts', () => ({
  IamRoleBrake: class {
    braked = () => current.world.roleBrake.braked();
  },
}));

const changeKeys = (await import('#functions/change-keys/handler.ts')).handler;
const containKeys = (await import('#functions/contain-keys/handler.ts')).handler;
const manageAdoptions = (await import('#functions/manage-adoptions/handler.ts')).handler;
const manageBrakes = (await import('#functions/manage-brakes/handler.ts')).handler;
const manageConsumers = (await import('#functions/manage-consumers/handler.ts')).handler;
const manageElevations = (await import('#functions/manage-elevations/handler.ts')).handler;
const manageEscrow = (await import('#functions/manage-escrow/handler.ts')).handler;
const manageIncidents = (await import('#functions/manage-incidents/handler.ts')).handler;
const manageKeyStores = (await import('#functions/manage-key-stores/handler.ts')).handler;
const manageRecoveries = (await import('#functions/manage-recoveries/handler.ts')).handler;
const manageReencryption = (await import('#functions/manage-reencryption/handler.ts')).handler;
const releaseKeys = (await import('#functions/release-keys/handler.ts')).handler;

const KEY = {
  ...{ name: 'orders', class: 'test', owner: 'olga', purpose: 'archive' },
  environment: 'development',
};
const LEAK = { reason: 'seen in a public log' };
const CONSUMER = {
  ...{ owner: 'payments', contact: 'on call', rights: ['decrypt'], kind: 'kms-direct' },
  principal: 'arn:aws:iam::444455556666:role/billing',
  acknowledgement: { mode: 'api' },
};

const sending =
  (handler: Parameters<typeof request>[0], route: RouteId, call: Partial<Call> = {}) =>
  () =>
    request(handler, route, {
      as: { person: 'alice' },
      path: { name: 'orders' },
      headers: { 'Idempotency-Key': 'same' },
      ...call,
    });

const bare = async () => {
  current.world = new World();
};
const provisioned = async () => {
  await renewWorld();
};
const withKey = async () => {
  await withActiveKey(await renewWorld());
};
const withSource = async () => {
  await withKey();
  await register(current.world);
};
const withShares = async () => {
  await withKey();
  await EscrowScene.over(current.world);
};
const withRole = async () => {
  await provisioned();
  current.world.roleBrake.roles.add('orders-api');
  await current.world.admitKey();
};

/** Which of them an answer has. */
function kindsOf(answer: Answer) {
  return Object.fromEntries(
    Object.entries(begun(answer)).map(([kind, id]) => [kind, typeof id === 'string']),
  );
}

type Scene = readonly [string, () => Promise<void>, () => Promise<Answer>];
const SCENES: readonly Scene[] = [
  ['createKey', provisioned, sending(changeKeys, 'createKey', { body: KEY })],
  ['startRotation', withKey, sending(changeKeys, 'startRotation', { body: {} })],
  [
    'createAdoption',
    provisioned,
    sending(manageAdoptions, 'createAdoption', {
      body: {
        ...KEY,
        ...{ mode: 'adopt', kmsKey: 'alias/legacy-orders', owner: 'payments' },
        ...{ aliases: ['alias/legacy-orders'], accept: ['delegated'] },
      },
    }),
  ],
  ['releaseKey', withKey, sending(releaseKeys, 'releaseKey', { body: LEAK })],
  ['revokeKey', withKey, sending(containKeys, 'revokeKey', { body: { ...LEAK, mode: 'hard' } })],
  ['suspendKey', withKey, sending(containKeys, 'suspendKey', { body: { ...LEAK, mode: 'hard' } })],
  [
    'containScope',
    withKey,
    sending(containKeys, 'containScope', {
      body: { ...LEAK, kind: 'revocation', scope: { kind: 'class', value: 'test' } },
    }),
  ],
  [
    'applyBrake',
    withRole,
    sending(manageBrakes, 'applyBrake', {
      body: { ...LEAK, scope: { kind: 'all', value: null }, emergency: true },
    }),
  ],
  [
    'putConsumer',
    withKey,
    sending(manageConsumers, 'putConsumer', {
      body: CONSUMER,
      path: { name: 'orders', consumer: 'billing' },
    }),
  ],
  [
    'openIncident',
    withKey,
    sending(manageIncidents, 'openIncident', {
      body: { type: 'insider', title: 'case 4711', keys: ['orders'] },
    }),
  ],
  ['startReencryption', withSource, sending(manageReencryption, 'startReencryption', { body: {} })],
  ['createKeyStore', bare, sending(manageKeyStores, 'createKeyStore', { body: { name: 'main' } })],
  [
    'startRecovery alone',
    provisioned,
    sending(manageRecoveries, 'startRecovery', {
      body: { ...LEAK, kind: 'key-store.disconnect', emergency: true },
    }),
  ],
  [
    'requestElevation',
    provisioned,
    sending(manageElevations, 'requestElevation', {
      body: { ...LEAK, group: 'grp_owners', seconds: 600 },
    }),
  ],
  [
    'startEscrowSession',
    withShares,
    sending(manageEscrow, 'startEscrowSession', { body: { purpose: 'recover' } }),
  ],
];

/** Sends a request that is overtaken by the same one at a call of a port; null where it makes no so many calls. */
async function overtaken(send: () => Promise<Answer>, at: number) {
  let calls = 0;
  let faster: Answer | null = null;
  current.world.onCall = async () => {
    calls += 1;
    if (calls !== at) return;
    current.world.onCall = () => {};
    faster = await send();
  };
  const slower = await send();
  return { faster: faster as Answer | null, slower };
}

/** Sends a request whose call of a port fails, or whose answer is lost; null where it makes no so many calls. */
async function interrupted(send: () => Promise<Answer>, at: number): Promise<Answer | null> {
  let calls = 0;
  current.world.onCall = () => {
    calls += 1;
    if (calls === at) throw new KeyturnError('DependencyUnavailable', 'the answer did not come');
  };
  const answer = await send();
  current.world.onCall = () => {};
  return calls < at ? null : answer;
}

/** What an answer says was begun. */
function begun({ body }: Answer) {
  const { operationId, approvalId, reviewId, brakeId, id } = body;
  return { operationId, approvalId, reviewId, brakeId, id };
}

describe('the same request, sent twice at the same time', () => {
  it.each(SCENES)(
    '%s: begins one thing, wherever one overtakes the other',
    async (_, set, send) => {
      let at = 1;
      for (; ; at += 1) {
        await set();
        const { faster, slower } = await overtaken(send, at);
        expect({ at, status: slower.status, body: slower.body }).toMatchObject({
          status: expect.toSatisfy((status: number) => status < 300),
        });
        if (faster === null) break;
        expect({ at, ...begun(slower) }).toEqual({ at, ...begun(faster) });
      }
      expect(at).toBeGreaterThan(2);
    },
  );
});

describe('the same request, sent again', () => {
  it.each(SCENES)('%s: is begun, wherever the first failed', async (_, set, send) => {
    await set();
    const usual = kindsOf(await send());
    let at = 1;
    for (; ; at += 1) {
      await set();
      const first = await interrupted(send, at);
      if (first === null) break;
      const again = await send();
      const isAnswered = again.status < 300;
      expect({ at, isAnswered, body: again.body }).toMatchObject({ isAnswered: true });
      expect({ at, ...kindsOf(again) }).toEqual({ at, ...usual });
      // A review that could not be asked for at once is asked for later; all else that was said holds.
      const said = Object.entries(begun(first)).filter(([, id]) => typeof id === 'string');
      expect(begun(again)).toMatchObject(Object.fromEntries(said));
    }
    expect(at).toBeGreaterThan(2);
  });
});
