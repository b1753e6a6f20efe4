// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { AdoptionReport } from '#core/contract/adoptions.ts';
import { reportAdoption } from '#core/operations/report-adoption.ts';
import type { ForeignKey } from '#core/ports/key-inspector.ts';
import { aForeignKey } from '#test/support/foreign-keys.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { aWorld, KEY_STORE } from '#test/support/world.ts';

async function report(patch: Partial<ForeignKey> = {}) {
  const world = await withActiveKey(await aWorld());
  const inspector = { inspect: async () => aForeignKey(patch), listGrants: async () => [] };
  const { ledger } = world;
  const before = await world.snapshot();
  const deps = { ledger, inspector, account: '000000000000', keyStore: KEY_STORE };
  const answer = await reportAdoption(deps, 'alias/legacy');
  expect(await world.snapshot()).toEqual(before);
  expect(AdoptionReport.parse(answer)).toEqual(answer);
  return answer;
}
const codes = async (patch: Partial<ForeignKey>) =>
  (await report(patch)).findings.map(({ code, weight }) => `${weight} ${code}`);

describe('a report on a foreign key', () => {
  it('says that a plain key of our store can be adopted, and that IAM names its users', async () => {
    const { isAdoptable, findings, access } = await report();

    expect({ isAdoptable, access }).toEqual({ isAdoptable: true, access: [] });
    expect(findings.map(({ code }) => code)).toEqual(['delegated']);
  });

  it.each<[string, Partial<ForeignKey>, string]>([
    ['a key of AWS', { manager: 'AWS' }, 'blocks managed-by-aws'],
    ['a disabled key', { state: 'Disabled' }, 'blocks not-enabled'],
    ['a key pending deletion', { state: 'PendingDeletion' }, 'blocks not-enabled'],
    ['an asymmetric key', { keySpec: 'RSA_2048' }, 'blocks other-algorithm'],
    ['a key for MACs', { usage: 'GENERATE_VERIFY_MAC' }, 'blocks other-algorithm'],
    [
      'tags of another Keyturn',
      { tags: { owner: 'x', 'keyturn:stage': 'production' } },
      'blocks tagged',
    ],
    [
      'a key of our own deployment',
      { aliases: ['alias/keyturn-local-table'] },
      'blocks of-keyturn',
    ],
    [
      'a key that a stack will put right again',
      { tags: { owner: 'x', 'aws:cloudformation:stack-name': 'orders' } },
      'warns stack-managed',
    ],
    ['a policy that lets nobody in', { policy: '{"Statement":[]}' }, 'blocks not-delegated'],
    ['a key outside our store', { keyStoreId: null, origin: 'AWS_KMS' }, 'warns other-place'],
    ['a multi-Region key', { isMultiRegion: true }, 'blocks multi-region'],
    ['a key that KMS rotates', { isRotatedByVault: true }, 'warns rotated-by-kms'],
    ['grants', { grants: 3 }, 'warns grants'],
    ['aliases of others', { aliases: ['alias/legacy'] }, 'warns aliases'],
    ['a key that nobody uses', { lastUsedAt: null }, 'warns unused'],
    ['no owner', { tags: { team: 'x' } }, 'warns no-owner'],
    ['grants that may not be read', { unreadable: ['grants'], grants: null }, 'warns unreadable'],
    [
      'a policy that may not be read',
      { unreadable: ['policy'], policy: null },
      'blocks unreadable',
    ],
  ])('finds %s', async (_what, patch, finding) => {
    expect(await codes(patch)).toContain(finding);
  });

  it('does not take an unreadable last use for none', async () => {
    expect(await codes({ lastUsedAt: null, unreadable: ['last use'] })).not.toContain(
      'warns unused',
    );
  });

  it('says which key it is a version of already', async () => {
    const answer = await report({ keyId: '00000000-0000-4000-8000-000000000001' });

    expect(answer).toMatchObject({ managedAs: 'orders', isAdoptable: false });
  });
});
