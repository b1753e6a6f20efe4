// SPDX-License-Identifier: Apache-2.0
// Act `key-store.recover`: the key store of the stage is connected again, or its HSMs are made anew of a backup. Those who
// agree see which backup it is; a key store that changed meanwhile was not agreed on. `key-store.disconnect` is the kill
// switch: the same, by an act of its own.
import { RECOVERY_KINDS, type RecoveryKind } from '../../contract/recoveries.ts';
import { KeyturnError } from '../../errors.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { Clock } from '../../ports/platform.ts';
import type { KeyStoreRecord } from '../../provisioning/records.ts';
import { admitRecovery, recoverableKeyStore } from '../../recovery/key-store-recovery.ts';
import type { Act } from '../act.ts';
import type { ApprovalRecord } from '../records.ts';

export interface RecoverKeyStoreActDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
}

const WORDS: Readonly<Record<RecoveryKind, (name: string, backup: string) => string>> = {
  'key-store.reconnect': (name) =>
    `Disconnect key store ${name}, repair what keeps it from connecting, and connect it`,
  'key-store.disconnect': (name) =>
    `Disconnect key store ${name}: no key of it encrypts or decrypts, for anybody, until it is connected again`,
  'key-store.restore': (name, backup) =>
    `Make the HSMs of key store ${name} anew of ${backup}; keys made after that backup are lost`,
};

const UNREADABLE: Readonly<Record<RecoveryKind, string | null>> = {
  'key-store.reconnect': null,
  'key-store.disconnect': 'all keys of the key store, until it is connected again',
  'key-store.restore': 'keys made after the backup',
};

function kindOf(value: unknown): RecoveryKind {
  const kind = RECOVERY_KINDS.find((one) => one === value);
  if (kind) return kind;
  throw new KeyturnError('NotServedHere', 'there is no such kind of recovery');
}

/** Another recovery, or another cluster, makes it stale. */
function basisOf({ name, keyStoreId, clusterId, operationId }: KeyStoreRecord) {
  return { name, keyStoreId, clusterId, operationId };
}

/** The recovery that a request starts: the same id however often it is tried. */
export function recoveryIdOf(approvalId: string): string {
  return approvalId.replace(/^apr_/, 'op_');
}

const startOf = ({ id, parameters }: ApprovalRecord) => [
  {
    kind: 'recover-key-store' as const,
    operationId: recoveryIdOf(id),
    attempt: 1,
    input: { keyStore: String(parameters['keyStore'] ?? '') },
  },
];

export const recoverKeyStoreAct: Act<RecoverKeyStoreActDeps> = {
  action: 'key-store.recover',

  async describe({ ledger }, request) {
    const { keyStore, kind, backupId } = request.parameters;
    const found = await recoverableKeyStore(ledger, String(keyStore ?? ''));
    return {
      ...request,
      what: WORDS[kindOf(kind)](found.name, String(backupId ?? 'the newest backup')),
      class: 'key-store',
      environment: null,
      blast: {
        consumers: 0,
        topOwners: [],
        lastUse: null,
        unreadable: UNREADABLE[kindOf(kind)],
        undo: kind === 'key-store.disconnect' ? 'keyturn recovery start key-store.reconnect' : null,
        irreversible: false,
      },
      basis: basisOf(found),
    };
  },

  async execute(deps, approval, consume) {
    const { keyStore, kind, backupId } = approval.parameters;
    const id = recoveryIdOf(approval.id);
    await admitRecovery(deps, {
      keyStore: String(keyStore ?? ''),
      kind: kindOf(kind),
      operationId: id,
      backupId: typeof backupId === 'string' ? backupId : null,
      reason: approval.reason,
      requestedBy: approval.requestedBy,
      approvalId: approval.id,
      decision: { effect: 'permit', rule: approval.rule.name },
      consume: (found) => consume(basisOf(found), id),
    });
    return startOf(approval);
  },

  async restart(_deps, approval) {
    return startOf(approval);
  },
};

/** The kill switch. Whoever may ask for a recovery may ask for it; the rule of its own action decides. */
export const disconnectKeyStoreAct: Act<RecoverKeyStoreActDeps> = {
  ...recoverKeyStoreAct,
  action: 'key-store.disconnect',
};

/** The act that a kind of recovery needs. */
export function recoveryActOf(kind: RecoveryKind): Act<RecoverKeyStoreActDeps> {
  return kind === 'key-store.disconnect' ? disconnectKeyStoreAct : recoverKeyStoreAct;
}
