// SPDX-License-Identifier: Apache-2.0
// Destruction within the rate budget. Stopping one goes before everything that can wait.
import type { KeyRetirer, KeyReviver } from '#core/ports/key-destruction.ts';
import { Metered } from './budgeted-vault.ts';

export class BudgetedKeyRetirer extends Metered<KeyRetirer> implements KeyRetirer {
  stateOf(keyId: string) {
    return this.inner.stateOf(keyId);
  }

  disable(keyId: string): Promise<void> {
    return this.within('DisableKey', () => this.inner.disable(keyId));
  }

  schedule(keyId: string, days: number): Promise<void> {
    return this.within('ScheduleKeyDeletion', () => this.inner.schedule(keyId, days));
  }
}

export class BudgetedKeyReviver extends Metered<KeyReviver> implements KeyReviver {
  stateOf(keyId: string) {
    return this.inner.stateOf(keyId);
  }

  cancelDeletion(keyId: string): Promise<void> {
    return this.within('CancelKeyDeletion', () => this.inner.cancelDeletion(keyId));
  }

  enable(keyId: string): Promise<void> {
    return this.within('EnableKey', () => this.inner.enable(keyId));
  }
}
