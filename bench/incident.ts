// SPDX-License-Identifier: Apache-2.0
// `incident`: all keys of an owner are revoked by one decision. How soon the data plane denies them among 10,000, and how near
// KMS's side comes to the floor that the account's quota of DisableKey sets.

import { KMS_QUOTAS } from '#core/contract/kms-quotas.ts';
import { workloadClient, workloadCredentials } from '#scripts/local/story/actors.ts';
import {
  approvedBySignatures,
  castSignedVote,
  THREE_CUSTODIANS,
} from '#scripts/local/story/signed-votes.ts';
import { until } from '#scripts/local/waiting.ts';
import { activeKeys, each, type MeasuredStack } from './local-stack.ts';
import { inProcess } from './one-rotation.ts';
import type { Report } from './report.ts';
import { seedKeys } from './seeded-keys.ts';

const NAME = 'incident';
const WORKLOAD = 'orders-api';
const plaintext = Buffer.from('order 4711').toString('base64');
/** Owners whose keys nothing else of this run has. */
const OWNERS = { real: 'frank', seeded: 'olga' } as const;
/** What the data plane's side may take at most. */
const LIMIT_MILLISECONDS = 10_000;
const USED_AT_ONCE = 3;
const LOOK_SECONDS = 600;

type Measured = MeasuredStack;

async function workload({ stack }: Measured) {
  return workloadClient(stack.info, await workloadCredentials(stack.info, WORKLOAD));
}

function keysFor(measured: Measured, owner: string, count: number): Promise<string[]> {
  const principal = measured.stack.info.roles[WORKLOAD] ?? '';
  return activeKeys(measured, count, [{ principal, rights: ['encrypt', 'decrypt'] }], owner);
}

/**
 * Asks; where one person alone may not, custodians decide.
 * @returns the containment, and when the call was sent that it was accepted with: this one, or the last vote
 */
async function contain({ stack, operator }: Measured, owner: string) {
  const calledAt = performance.now();
  const { body } = await operator.containScope({
    scope: { kind: 'owner', value: owner },
    kind: 'revocation',
    mode: 'hard',
    reason: 'bench: a stolen laptop',
  });
  if (body.containmentId) return { id: body.containmentId, calledAt };
  const request = body.approvalId ?? '';
  const users = [...THREE_CUSTODIANS];
  const last = users.splice(-1);
  for (const user of users) await castSignedVote(stack.info, user, request);
  const votedAt = performance.now();
  const decided = { stack: stack.info, asks: operator };
  return { id: await approvedBySignatures(decided, request, last), calledAt: votedAt };
}

/** Uses keys without a pause. @returns for each, when it was first refused */
async function firstRefusals(measured: Measured, names: readonly string[]): Promise<number[]> {
  const api = await workload(measured);
  return Promise.all(
    names.map(async (name) => {
      for (;;) {
        const isAllowed = await api.encrypt(name, { plaintext }).then(
          () => true,
          () => false,
        );
        if (!isAllowed) return performance.now();
      }
    }),
  );
}

/** The floor is AWS's: one DisableKey a key, at the whole quota of an account. */
async function measureKmsSide(measured: Measured, report: Report, count: number): Promise<void> {
  const names = await keysFor(measured, OWNERS.real, count);
  const { operator } = measured;
  const { id, calledAt: began } = await contain(measured, OWNERS.real);
  const sides = { timeoutSeconds: LOOK_SECONDS, what: `${id} to contain ${count} keys` };
  await until(async () => {
    const { counts } = (await operator.getContainment(id)).body;
    return counts.contained + counts.already >= count;
  }, sides);
  const seconds = (performance.now() - began) / 1000;
  const floor = count / KMS_QUOTAS.DisableKey;
  report.beside(`${NAME}.kms-side, ${count} keys`, seconds, 's', floor);
  report.value(`${NAME}.of-aws-floor, ${count} keys`, (100 * floor) / seconds, '%');
  await each(names, async (name) => {
    const proven = { timeoutSeconds: LOOK_SECONDS, what: `${name} to be revoked` };
    await until(async () => (await operator.getKey(name)).body.substate === 'revoked', proven);
  });
  report.value(`${NAME}.proven, ${count} keys`, (performance.now() - began) / 1000, 's');
}

async function measureDenial(measured: Measured, report: Report, count: number): Promise<void> {
  const owner = OWNERS.seeded;
  const used = await keysFor(measured, owner, USED_AT_ONCE);
  const table = measured.stack.info.tableName ?? '';
  await seedKeys(inProcess(measured).client, table, { from: 0, to: count, owner });
  const refusals = firstRefusals(measured, used);
  const { calledAt } = await contain(measured, owner);
  const denied = Math.max(...(await refusals)) - calledAt;
  report.beside(`${NAME}.denied, ${count} keys`, denied, 'ms', LIMIT_MILLISECONDS);
}

/** The stack is of no use afterwards: KMS does not know the seeded keys, so their containment never ends. */
export async function measureIncident(
  measured: MeasuredStack,
  report: Report,
  sizes: { readonly real: number; readonly seeded: number },
): Promise<void> {
  await measureKmsSide(measured, report, sizes.real);
  await measureDenial(measured, report, sizes.seeded);
}
