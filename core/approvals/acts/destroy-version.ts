// SPDX-License-Identifier: Apache-2.0
// Act `version.destroy`: a replaced version is put out of use, watched, and deleted. Its execution only begins that:
// the workflow `destroy-key` does it, and until KMS has deleted the key anybody who may operate it can stop it.
import { KeyturnError } from '../../errors.ts';
import { headOf, isDataTier, withDestruction } from '../../keys/destruction.ts';
import { countDataKeys } from '../../operations/count-data-keys.ts';
import {
  beginDestruction,
  caseOf,
  type DestroyDeps,
  type DestructionCase,
  destructionBasis,
  leftUnder,
  requireNoObjection,
} from '../../operations/destroy-version.ts';
import { keyNotFound, mutateKey, requireManaged } from '../../operations/mutate-key.ts';
import { classOf, DEFAULT_DESTRUCTION } from '../../policies/classes.ts';
import type { LastUse } from '../../ports/key-vault.ts';
import type { KeySnapshot } from '../../ports/ledger.ts';
import type { Act } from '../act.ts';
import { blastOf } from '../blast-radius.ts';
import type { ApprovalRecord } from '../records.ts';

/** The destruction that a request begins: the same id however often it is tried. */
export const destructionIdOf = (approvalId: string) => approvalId.replace(/^apr_/, 'des_');

/** What becomes unreadable, in words; null: nothing that anybody counted. */
function lossOf({ snapshot, head }: DestructionCase, wrapped: number): string | null {
  const left = snapshot.sources.reduce(
    (sum, { count }) => sum + leftUnder(snapshot, head, count?.byVersion ?? {}),
    0,
  );
  const uncounted = snapshot.sources.filter(({ count }) => count === null).length;
  const parts = [
    ...(left > 0 ? [`${left} ciphertexts`] : []),
    ...(wrapped > 0 ? [`${wrapped} wrapped data keys and all that lies under them`] : []),
    ...(uncounted > 0 ? [`whatever lies in ${uncounted} uncounted source(s)`] : []),
    ...(snapshot.sources.length === 0 ? ['whatever is stored: no source is registered'] : []),
  ];
  return parts.length > 0 ? parts.join(', ') : null;
}

function requireNothingWrapped(wrapped: number, acceptLoss: boolean): void {
  if (wrapped === 0 || acceptLoss) return;
  throw new KeyturnError(
    'TransitionForbidden',
    `${wrapped} data keys are wrapped under it; rotate the key, which wraps them anew`,
  );
}

/** The last use as it was when people were asked; whatever was used since then is found in the record of key use. */
function lastUseThen({ parameters }: ApprovalRecord): LastUse {
  const at = String(parameters['lastUse'] ?? '');
  return { at: at === '' ? null : at, operation: null, trackedSince: null };
}

async function requireUnused({ uses }: DestroyDeps, approval: ApprovalRecord): Promise<void> {
  const since = (await uses.read(approval.key ?? '')).filter(
    ({ version, lastEncryptAt, lastDecryptAt }) =>
      version === approval.version &&
      [lastEncryptAt, lastDecryptAt].some((at) => at !== null && at > approval.requestedAt),
  );
  if (since.length === 0) return;
  throw new KeyturnError(
    'ApprovalStale',
    `version ${approval.version} was used since its destruction was asked for`,
  );
}

const acceptsLoss = (parameters: ApprovalRecord['parameters']) => parameters['acceptLoss'] === true;

async function existing(deps: DestroyDeps, name: string): Promise<KeySnapshot> {
  const snapshot = await deps.ledger.readKey(name);
  if (!snapshot) throw keyNotFound(name);
  requireManaged(snapshot.key);
  return snapshot;
}

export const destroyVersion: Act<DestroyDeps> = {
  action: 'version.destroy',

  async describe(deps, { key: name, version, parameters }) {
    const snapshot = await existing(deps, name ?? '');
    const acceptLoss = acceptsLoss(parameters);
    const facts = await caseOf(deps, snapshot, version ?? 0, acceptLoss);
    const open = requireNoObjection(deps, facts, version ?? 0);
    const wrapped = await countDataKeys(deps.ledger, snapshot.key.name, facts.head.keyId);
    requireNothingWrapped(wrapped, acceptLoss);
    const { key } = snapshot;
    const policy = classOf(deps.classes, key.class)?.destruction ?? DEFAULT_DESTRUCTION;
    const loss = acceptLoss ? lossOf(facts, wrapped) : null;
    return {
      key: key.name,
      version,
      operationId: null,
      parameters: {
        acceptLoss,
        accepted: open.map((one) => one.name).join(','),
        wrappedKeys: wrapped,
        lastUse: facts.lastUse?.at ?? '',
        windowDays: policy.windowDays,
      },
      what: `Destroy ${key.name} v${version} for ever${loss ? `, and lose ${loss}` : ''}`,
      class: key.class,
      environment: key.environment,
      blast: blastOf(snapshot, {
        affected: [],
        unreadable: loss,
        undo: `key destroy --cancel, until ${isDataTier(snapshot) ? 'it is erased' : 'KMS has deleted it'}, ${policy.windowDays} days after it lay disabled; never after`,
        irreversible: true,
      }),
      basis: destructionBasis(facts),
    };
  },

  async execute(deps, approval, consume) {
    await requireUnused(deps, approval);
    const name = approval.key ?? '';
    const version = approval.version ?? 0;
    const acceptLoss = acceptsLoss(approval.parameters);
    const snapshotNow = await existing(deps, name);
    const wrapped = await countDataKeys(deps.ledger, name, headOf(snapshotNow, version).keyId);
    requireNothingWrapped(wrapped, acceptLoss);
    const id = destructionIdOf(approval.id);
    return mutateKey(deps.ledger, name, (snapshot) => {
      const head = headOf(snapshot, version);
      const facts = { snapshot, head, acceptLoss, lastUse: lastUseThen(approval) };
      const open = requireNoObjection(deps, facts, version);
      const record = beginDestruction(deps, facts, {
        id,
        approvalId: approval.id,
        requestedBy: approval.requestedBy,
        reason: approval.reason,
        wrappedKeys: wrapped,
        lossAccepted: open.map((one) => one.name),
      });
      return {
        draft: {
          versions: withDestruction(snapshot, head, record),
          approval: consume(destructionBasis(facts), id),
          audit: {
            at: record.begunAt,
            actor: approval.requestedBy,
            action: 'destruction.begun',
            decision: { effect: 'permit', rule: approval.rule.name },
            operationId: null,
            detail: {
              version,
              versions: record.versions.join(','),
              destruction: id,
              approval: approval.id,
              lossAccepted: record.lossAccepted.join(','),
              wrappedKeys: wrapped,
            },
          },
        },
        result: startOf(approval),
      };
    });
  },

  restart: async (_deps, approval) => startOf(approval),
};

function startOf(approval: ApprovalRecord) {
  const input = { key: approval.key, version: approval.version };
  return [
    { kind: 'destroy-key' as const, operationId: destructionIdOf(approval.id), attempt: 1, input },
  ];
}
