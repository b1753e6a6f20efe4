// SPDX-License-Identifier: Apache-2.0
// Requests for approval for people: the same fields in the same order as in Slack and mail, none ever left out.
import type { ResponseOf } from '../sdk/index.ts';
import { renderFields, renderTable } from './table.ts';

type Approval = ResponseOf<'getApproval'>;
type Width = number | undefined;

const countOf = ({ approvals, required }: Approval) => `${approvals} of ${required}`;

export function viewApprovals(approvals: readonly Approval[], width: Width): string {
  const titles = ['id', 'what', 'state', 'approvals', 'requested by', 'closes', 'digest'];
  const rows = approvals.map((approval) => [
    approval.id,
    approval.what,
    approval.state,
    countOf(approval),
    approval.requesterName,
    approval.expiresAt,
    approval.digest.slice(0, 12),
  ]);
  return renderTable(titles, rows, width);
}

export function viewApproval(approval: Approval, width: Width): string {
  const { blast, canonical } = approval;
  const fields = renderFields(
    [
      ['what', approval.what],
      ['id', approval.id],
      ['action', approval.action],
      ['key', approval.key],
      ['class', canonical.class],
      ['environment', canonical.environment],
      ['state', approval.cause ? `${approval.state}: ${approval.cause}` : approval.state],
      ['requested by', approval.requesterName],
      ['why', approval.reason],
      ['consumers', blast.consumers],
      ['their owners', blast.topOwners.join(', ')],
      ['last use', blast.lastUse],
      ['becomes unreadable', blast.unreadable ?? 'nothing'],
      ['irreversible', blast.irreversible ? 'YES' : 'no'],
      ['undo', blast.undo],
      ['requested at', approval.requestedAt],
      ['closes', approval.expiresAt],
      ['approvals', countOf(approval)],
      ['missing', approval.missing.join('; ')],
      ['votes must be', canonical.rule.signed ? 'signed' : null],
      ['execute before', approval.executeBefore],
      ['started', approval.executedAs],
      ['notices failed', approval.undelivered.join(', ')],
      ['digest', approval.digest],
    ],
    width,
  );
  if (approval.votes.length === 0) return fields;
  const rows = approval.votes.map((vote) => [
    vote.name,
    vote.decision,
    vote.at,
    vote.channel,
    vote.signature ? 'yes' : 'no',
    vote.reason,
  ]);
  const titles = ['who', 'decision', 'at', 'by', 'signed', 'reason'];
  return `${fields}\n\n${renderTable(titles, rows, width)}`;
}
