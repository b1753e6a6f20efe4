// SPDX-License-Identifier: Apache-2.0
// Vault ports that ask the rate budget before they call KMS. Reads whose quotas lie far above the pace of CreateKey
// (DescribeKey, ListKeys, GetKeyPolicy) are not metered: a write per read would cost more than it could save.
import type { PolicyTemplate } from '#core/contract/vocabulary.ts';
import { isError } from '#core/errors.ts';
import type { AccessGrant } from '#core/keys/records.ts';
import type { DataKeyMaker } from '#core/ports/data-keys.ts';
import type {
  AliasRemover,
  AliasWriter,
  Context,
  KeyBlocker,
  KeyCreator,
  KeyEnabler,
  KeyMarker,
  KeyPlace,
  KeyRemover,
  KeyUntagger,
  MaterialRotator,
  PolicyRestorer,
  PolicyWriter,
  Provenance,
  UnrecordedKey,
  VaultKey,
} from '#core/ports/key-vault.ts';
import type { BudgetRequest, Lane, RateBudget } from '#core/ports/rate-budget.ts';

/**
 * Makes one call within the budget.
 * @throws KeyturnError `Throttled` before the call when its turn is far away, and what the call throws
 */
export async function metered<T>(
  budget: RateBudget,
  request: BudgetRequest,
  call: () => Promise<T>,
): Promise<T> {
  await budget.acquire(request);
  return noticing(budget, request, call);
}

/** Makes a call whose turn has come. */
async function noticing<T>(
  budget: RateBudget,
  request: BudgetRequest,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    // KMS throttles although we kept to our share: others use the account, so everybody of ours slows down.
    if (isError(error, 'Throttled')) await budget.backOff(request);
    throw error;
  }
}

/** What a metered port stands on. */
export abstract class Metered<T> {
  protected readonly inner: T;
  readonly #budget: RateBudget;
  readonly #lane: () => Promise<Lane>;

  constructor(
    inner: T,
    budget: RateBudget,
    /** Asked when a call is made: most steps that run again make none. */
    lane: () => Promise<Lane> = async () => 'routine',
  ) {
    this.inner = inner;
    this.#budget = budget;
    this.#lane = lane;
  }

  protected async within<R>(
    call: BudgetRequest['call'],
    run: () => Promise<R>,
    where: Pick<BudgetRequest, 'keyStore'> = {},
  ): Promise<R> {
    return metered(this.#budget, { call, lane: await this.#lane(), ...where }, run);
  }

  /** Waits for the turn of a call that {@link inTurn} makes. */
  protected async turn(call: BudgetRequest['call']): Promise<void> {
    await this.#budget.acquire({ call, lane: await this.#lane() });
  }

  protected async inTurn<R>(call: BudgetRequest['call'], run: () => Promise<R>): Promise<R> {
    return noticing(this.#budget, { call, lane: await this.#lane() }, run);
  }
}

export class BudgetedKeyCreator extends Metered<KeyCreator> implements KeyCreator {
  /** The turn of the next `createKey`, which is asked for before the attempt is recorded. */
  awaitTurn(): Promise<void> {
    return this.turn('CreateKey');
  }

  createKey(place: KeyPlace, provenance: Provenance): Promise<VaultKey> {
    return this.inTurn('CreateKey', () => this.inner.createKey(place, provenance));
  }

  findUnrecorded(provenance: Provenance): Promise<readonly UnrecordedKey[]> {
    return this.inner.findUnrecorded(provenance);
  }

  markRecorded(keyId: string): Promise<void> {
    return this.within('TagResource', () => this.inner.markRecorded(keyId));
  }
}

export class BudgetedMaterialRotator extends Metered<MaterialRotator> implements MaterialRotator {
  currentMaterial(keyId: string): Promise<string> {
    return this.inner.currentMaterial(keyId);
  }

  rotateMaterial(keyId: string): Promise<void> {
    return this.within('RotateKeyOnDemand', () => this.inner.rotateMaterial(keyId));
  }
}

export class BudgetedDataKeyMaker extends Metered<DataKeyMaker> implements DataKeyMaker {
  makeWrapped(keyId: string, context: Context, keyStore: string) {
    return this.within(
      'CryptographicInKeyStore',
      () => this.inner.makeWrapped(keyId, context, keyStore),
      { keyStore },
    );
  }
}

export class BudgetedAliasWriter extends Metered<AliasWriter> implements AliasWriter {
  aliasTarget(alias: string): Promise<string | null> {
    return this.inner.aliasTarget(alias);
  }

  createAlias(alias: string, keyId: string): Promise<void> {
    return this.within('CreateAlias', () => this.inner.createAlias(alias, keyId));
  }

  moveAlias(alias: string, keyId: string): Promise<void> {
    return this.within('UpdateAlias', () => this.inner.moveAlias(alias, keyId));
  }
}

export class BudgetedPolicyWriter extends Metered<PolicyWriter> implements PolicyWriter {
  applyPolicy(
    keyId: string,
    template: PolicyTemplate,
    access: readonly AccessGrant[],
  ): Promise<void> {
    return this.within('PutKeyPolicy', () => this.inner.applyPolicy(keyId, template, access));
  }
}

export class BudgetedKeyBlocker extends Metered<KeyBlocker> implements KeyBlocker {
  disable(keyId: string): Promise<void> {
    return this.within('DisableKey', () => this.inner.disable(keyId));
  }

  /** KMS gives grants 50 calls per second and more: they are not metered. */
  revokeGrants(keyId: string): Promise<number> {
    return this.inner.revokeGrants(keyId);
  }
}

export class BudgetedKeyEnabler extends Metered<KeyEnabler> implements KeyEnabler {
  enable(keyId: string): Promise<void> {
    return this.within('EnableKey', () => this.inner.enable(keyId));
  }
}

export class BudgetedKeyRemover extends Metered<KeyRemover> implements KeyRemover {
  scheduleDeletion(keyId: string, days: number): Promise<void> {
    return this.within('ScheduleKeyDeletion', () => this.inner.scheduleDeletion(keyId, days));
  }
}

export class BudgetedKeyUntagger extends Metered<KeyUntagger> implements KeyUntagger {
  untag(keyId: string): Promise<void> {
    return this.within('UntagResource', () => this.inner.untag(keyId));
  }
}

export class BudgetedKeyMarker extends Metered<KeyMarker> implements KeyMarker {
  mark(keyId: string, provenance: Provenance): Promise<void> {
    return this.within('TagResource', () => this.inner.mark(keyId, provenance));
  }

  unmark(keyId: string, operationId: string): Promise<void> {
    return this.within('UntagResource', () => this.inner.unmark(keyId, operationId));
  }
}

export class BudgetedPolicyRestorer extends Metered<PolicyRestorer> implements PolicyRestorer {
  restorePolicy(keyId: string, document: string): Promise<void> {
    return this.within('PutKeyPolicy', () => this.inner.restorePolicy(keyId, document));
  }
}

export class BudgetedAliasRemover extends Metered<AliasRemover> implements AliasRemover {
  removeAlias(alias: string, keyId: string): Promise<void> {
    return this.within('DeleteAlias', () => this.inner.removeAlias(alias, keyId));
  }
}
