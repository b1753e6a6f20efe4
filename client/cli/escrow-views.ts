// SPDX-License-Identifier: Apache-2.0
// How escrow looks as tables.
import type { ResponseOf } from '../sdk/index.ts';
import { callBackCode } from './escrow-shares.ts';
import { renderFields, renderTable } from './table.ts';

type Escrow = ResponseOf<'getEscrow'>;
type EscrowSet = ResponseOf<'proveShare'>;
type Session = ResponseOf<'contributeShare'>;
type Width = number | undefined;

const provenIn = ({ custodians }: EscrowSet) =>
  custodians.filter(({ provenAt }) => provenAt !== null).length;

export function viewSession(session: Session, width: Width): string {
  const isOpen = session.state === 'requested' || session.state === 'open';
  return renderFields(
    [
      ['session', session.id],
      ['purpose', session.purpose],
      ['version', session.version],
      ['generation', session.generation],
      ['state', session.state],
      ['approval', session.approvalId],
      ['call-back code', isOpen ? callBackCode(session) : null],
      ['in', `${session.contributed.length} of ${session.required}`],
      ['from', session.contributed.join(', ')],
      ['missing', session.missing.join(', ')],
      ['used', session.used.join(', ')],
      ['refused', session.refused],
      ['until', session.expiresAt],
    ],
    width,
  );
}

export function viewSet(set: EscrowSet, width: Width): string {
  const head = renderFields(
    [
      ['set', set.setId],
      ['version', set.version],
      ['generation', set.generation],
      ['state', set.state],
      ['quorum', `${set.required} of ${set.total}`],
      ['proven', `${provenIn(set)} of ${set.total}`],
      ['opened', set.openedAt && `${set.openedAt}: split it anew`],
      ['cause', set.cause],
    ],
    width,
  );
  const rows = set.custodians.map(({ sub, provenAt, recipient }) => [sub, provenAt, recipient]);
  return `${head}\n\n${renderTable(['custodian', 'proven', 'age recipient'], rows, width)}`;
}

export function viewEscrow({ sets, sessions }: Escrow, width: Width): string {
  if (sets.length === 0) return 'nothing of it is in escrow';
  const living = sets.filter(({ state }) => state !== 'retired');
  const gone = sets.length - living.length;
  const latest = sessions.at(-1);
  return [
    ...living.map((set) => viewSet(set, width)),
    ...(gone > 0 ? [`${gone} retired generation(s)`] : []),
    ...(latest ? [viewSession(latest, width)] : []),
  ].join('\n\n');
}
