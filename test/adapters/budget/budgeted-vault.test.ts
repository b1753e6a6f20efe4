// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { BudgetedKeyRetirer, BudgetedKeyReviver } from '#adapters/budget/budgeted-destruction.ts';
import { BudgetedSigner } from '#adapters/budget/budgeted-signer.ts';
import {
  BudgetedAliasWriter,
  BudgetedKeyCreator,
  BudgetedKeyRemover,
  BudgetedPolicyWriter,
  metered,
} from '#adapters/budget/budgeted-vault.ts';
import { KeyturnError } from '#core/errors.ts';
import type { BudgetRequest, RateBudget } from '#core/ports/rate-budget.ts';
import { aWorld, KEY_STORE_ID } from '#test/support/world.ts';

class Notebook implements RateBudget {
  readonly asked: BudgetRequest[] = [];
  readonly backedOff: BudgetRequest[] = [];
  refusal: KeyturnError | null = null;

  async acquire(request: BudgetRequest): Promise<void> {
    this.asked.push(request);
    if (this.refusal) throw this.refusal;
  }
  async backOff(request: BudgetRequest): Promise<void> {
    this.backedOff.push(request);
  }
}

const PROVENANCE = { stage: 'local', name: 'orders', version: 1, operationId: 'op_1' };
const THROTTLED = new KeyturnError('Throttled', 'KMS throttles');

describe('vault ports within the budget', () => {
  it('ask for each call of KMS that has a small quota, in their lane, and pass it on', async () => {
    const budget = new Notebook();
    const { ports } = await aWorld();
    const creator = new BudgetedKeyCreator(ports, budget, async () => 'priority');
    await creator.awaitTurn();
    const { keyId } = await creator.createKey(
      { origin: 'AWS_CLOUDHSM', keyStoreId: KEY_STORE_ID },
      PROVENANCE,
    );
    expect(await creator.findUnrecorded(PROVENANCE)).toMatchObject([{ keyId }]);
    await creator.markRecorded(keyId);
    const aliases = new BudgetedAliasWriter(ports, budget);
    await aliases.createAlias('alias/a', keyId);
    await aliases.moveAlias('alias/a', keyId);
    expect(await aliases.aliasTarget('alias/a')).toBe(keyId);
    await new BudgetedKeyRemover(ports, budget).scheduleDeletion(keyId, 7);
    await new BudgetedPolicyWriter(ports, budget).applyPolicy(keyId, 'suspended', []);

    expect(budget.asked).toEqual([
      { call: 'CreateKey', lane: 'priority' },
      { call: 'TagResource', lane: 'priority' },
      { call: 'CreateAlias', lane: 'routine' },
      { call: 'UpdateAlias', lane: 'routine' },
      { call: 'ScheduleKeyDeletion', lane: 'routine' },
      { call: 'PutKeyPolicy', lane: 'routine' },
    ]);
    expect(budget.backedOff).toEqual([]);
  });

  it('ask for what destroys, what stops that, and what signs', async () => {
    const budget = new Notebook();
    const { keyStates } = await aWorld();
    const retirer = new BudgetedKeyRetirer(keyStates, budget);
    await retirer.disable('k1');
    await retirer.schedule('k1', 7);
    const reviver = new BudgetedKeyReviver(keyStates, budget, async () => 'priority');
    await reviver.cancelDeletion('k1');
    await reviver.enable('k1');
    expect((await reviver.stateOf('k1')).state).toBe('enabled');
    const signer = new BudgetedSigner({ sign: async () => 'signature' }, budget);
    const claims = { issuedAt: 0, eventId: 'e', audience: 'a' };
    expect(await signer.sign(claims, 'body')).toBe('signature');

    expect(budget.asked).toEqual([
      { call: 'DisableKey', lane: 'routine' },
      { call: 'ScheduleKeyDeletion', lane: 'routine' },
      { call: 'CancelKeyDeletion', lane: 'priority' },
      { call: 'EnableKey', lane: 'priority' },
      { call: 'CryptographicEcc', lane: 'routine' },
    ]);
  });

  it('make no call when the budget refuses', async () => {
    const budget = new Notebook();
    budget.refusal = THROTTLED;
    const { ports, vault } = await aWorld();
    const creator = new BudgetedKeyCreator(ports, budget);

    await expect(creator.awaitTurn()).rejects.toBe(THROTTLED);
    await expect(creator.markRecorded('key-1')).rejects.toBe(THROTTLED);
    expect(vault.inspect()).toEqual([]);
    expect(budget.backedOff).toEqual([]);
  });

  it('slow everybody down when KMS throttles, and on no other failure', async () => {
    const budget = new Notebook();
    const request = { call: 'CreateKey' } as const;
    const fail = (error: Error) => metered(budget, request, () => Promise.reject(error));

    await expect(fail(THROTTLED)).rejects.toBe(THROTTLED);
    await expect(fail(new Error('other'))).rejects.toThrow('other');
    expect(budget.backedOff).toEqual([request]);
  });
});
