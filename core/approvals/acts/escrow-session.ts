// SPDX-License-Identifier: Apache-2.0
// Acts `escrow.recover` and `escrow.reshare`: a session that was asked for takes contributions. What is approved names the
// one-time key that shares will be sealed to, so nobody can put another in its place afterwards.
import type { ApprovalAction } from '../../contract/approvals.ts';
import { KeyturnError } from '../../errors.ts';
import type { EscrowPurpose, EscrowSessionRecord } from '../../escrow/records.ts';
import { sessionOf } from '../../escrow/sets.ts';
import { openedSession, sessionDraft } from '../../operations/escrow-session.ts';
import { keyNotFound, mutateKey } from '../../operations/mutate-key.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { Clock } from '../../ports/platform.ts';
import type { Act } from '../act.ts';
import { blastOf } from '../blast-radius.ts';
import type { ApprovalParameters } from '../records.ts';

interface EscrowActDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
}

/** The action that approves a session. */
export function actionOf(purpose: EscrowPurpose): 'escrow.recover' | 'escrow.reshare' {
  return `escrow.${purpose}`;
}

function basisOf({ name, recipient, setId, version, generation, next }: EscrowSessionRecord) {
  return { session: name, recipient, setId, version, generation, next };
}

function parametersOf(session: EscrowSessionRecord): ApprovalParameters {
  const { name, recipient, setId, generation, next } = session;
  const base = { session: name, recipient, set: setId, generation };
  if (!next) return base;
  const custodians = next.custodians.map(({ sub }) => sub).join(',');
  return { ...base, required: next.required, custodians };
}

function wordsFor({ key, version, purpose, next }: EscrowSessionRecord): string {
  if (purpose === 'recover')
    return `Bring the shares of ${key} v${version} together and import its material into KMS again`;
  const circle = next?.custodians.map(({ sub }) => sub).join(', ');
  return `Bring the shares of ${key} v${version} together and split its material anew, ${next?.required} of ${circle}`;
}

function escrowAct(purpose: EscrowPurpose): Act<EscrowActDeps> {
  const action: ApprovalAction = actionOf(purpose);
  return {
    action,

    async describe({ ledger }, { key: name, parameters }) {
      const snapshot = await ledger.readKey(name ?? '');
      if (!snapshot) throw keyNotFound(name ?? '');
      const session = sessionOf(snapshot, String(parameters['session'] ?? ''));
      if (session.purpose !== purpose || session.state !== 'requested')
        throw new KeyturnError(
          'TransitionForbidden',
          `${session.name} does not wait for approvals`,
        );
      const { key } = snapshot;
      return {
        key: key.name,
        version: session.version,
        operationId: null,
        parameters: parametersOf(session),
        what: wordsFor(session),
        class: key.class,
        environment: key.environment,
        blast: blastOf(snapshot, { undo: 'escrow cancel, until the shares were opened' }),
        basis: basisOf(session),
      };
    },

    async execute({ ledger, clock }, approval, consume) {
      const by = approval.requestedBy;
      const decision = { effect: 'permit' as const, rule: approval.rule.name };
      return mutateKey(ledger, approval.key ?? '', (snapshot) => {
        const now = clock.now();
        const name = String(approval.parameters['session'] ?? '');
        const session = openedSession(snapshot, name, approval.id, now);
        const draft = sessionDraft(session, { by, decision }, now, 'escrow.opened', {
          approval: approval.id,
        });
        return { draft: { ...draft, approval: consume(basisOf(session), null) }, result: [] };
      });
    },
  };
}

export const recoverEscrow = escrowAct('recover');
export const reshareEscrow = escrowAct('reshare');
