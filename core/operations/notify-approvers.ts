// SPDX-License-Identifier: Apache-2.0
// Use case: tells people, on every channel of the deployment, what happened to a request for approval. A channel that
// fails keeps no other from telling; the request shows it, and the news come again until all were told.
import type { NoticeKind } from '../approvals/notice.ts';
import { isOpen } from '../approvals/notice.ts';
import { eligibleNow } from '../approvals/quorum.ts';
import type { ApprovalRecord } from '../approvals/records.ts';
import { TOLD_EVENTS, type ToldEvent } from '../contract/told-events.ts';
import { KeyturnError } from '../errors.ts';
import type { Elector } from '../policies/approval-rules.ts';
import type { ApprovalNews, NoticeChannel } from '../ports/approval-notices.ts';
import type { ApprovalLedger, Electorate } from '../ports/approvals.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Clock } from '../ports/platform.ts';
import { approvalNotFound, longestWindow } from './mutate-approval.ts';
import { recordDelivery } from './tend-approval.ts';

export interface NotifyDeps {
  readonly ledger: Pick<Ledger, 'readKeyRecord'>;
  readonly approvals: ApprovalLedger;
  readonly electorate: Electorate;
  readonly channels: readonly NoticeChannel[];
  readonly clock: Clock;
}

export interface ApprovalEvent {
  readonly name: ToldEvent;
  readonly approvalId: string;
  readonly eventId: string;
  readonly apiUrl: string;
}

/** Kinds that end the wait for votes and concern all who were asked. */
const TO_ALL: readonly NoticeKind[] = ['approved', 'denied', 'expired', 'cancelled'];

async function ownersOf(
  { ledger }: NotifyDeps,
  approval: ApprovalRecord,
  people: readonly Elector[],
): Promise<readonly Elector[]> {
  const key = approval.key === null ? null : await ledger.readKeyRecord(approval.key);
  if (!key) return [];
  return people.filter(({ user, teams }) => user === key.owner || teams.includes(key.owner));
}

/** Everybody once, without those of `others`. */
function distinct(people: readonly Elector[], others: readonly Elector[]): readonly Elector[] {
  const seen = new Set(others.map(({ sub }) => sub));
  return people.filter(({ sub }) => !seen.has(sub) && seen.add(sub));
}

function votersOf(approval: ApprovalRecord, people: readonly Elector[]): readonly Elector[] {
  const voted = new Set(approval.votes.map(({ by }) => by));
  return approval.roster.flatMap(({ sub }) => {
    const elector = voted.has(sub) ? null : eligibleNow(approval, people, sub);
    return elector ? [elector] : [];
  });
}

async function readersOf(
  deps: NotifyDeps,
  kind: NoticeKind,
  approval: ApprovalRecord,
  people: readonly Elector[],
): Promise<readonly Elector[]> {
  const requester = people.filter(({ sub }) => sub === approval.requestedBy);
  if (kind === 'requested' || kind === 'voted') return requester;
  if (kind === 'reminder') return [];
  const { deputies } = approval.rule;
  if (kind === 'escalated')
    return people.filter(({ groups }) => deputies !== null && groups.includes(deputies));
  const asked = TO_ALL.includes(kind)
    ? people.filter(({ sub }) => approval.roster.some((elector) => elector.sub === sub))
    : [];
  return [...requester, ...(await ownersOf(deps, approval, people)), ...asked];
}

async function newsOf(deps: NotifyDeps, event: ApprovalEvent): Promise<ApprovalNews | null> {
  const { approvalId, eventId, apiUrl } = event;
  const approval = await deps.approvals.readApproval(approvalId);
  if (!approval) throw approvalNotFound();
  const kind: NoticeKind = TOLD_EVENTS[event.name];
  // Nobody is asked to vote on what was decided while the news waited; the decision is news of its own. [F4]
  if (isOpen(kind) && approval.state !== 'pending') return null;
  const people = await deps.electorate.people();
  const voters = isOpen(kind) ? votersOf(approval, people) : [];
  const readers = distinct(await readersOf(deps, kind, approval, people), voters);
  const opensUntil = longestWindow(approval);
  return { kind, eventId, approval, voters, readers, opensUntil, apiUrl };
}

interface Outcome {
  readonly channel: NoticeChannel['name'];
  readonly outcome: 'told' | 'nobody' | 'failed';
  readonly cause?: unknown;
}

async function tell(channel: NoticeChannel, news: ApprovalNews): Promise<Outcome> {
  try {
    const told = await channel.tell(news);
    return { channel: channel.name, outcome: told ? 'told' : 'nobody' };
  } catch (cause) {
    return { channel: channel.name, outcome: 'failed', cause };
  }
}

/**
 * Tells everybody on every channel.
 * @returns the channels on which somebody was told
 * @throws KeyturnError `DependencyUnavailable` when a channel failed; its name is on the request by then
 */
export async function notifyApprovers(
  deps: NotifyDeps,
  event: ApprovalEvent,
): Promise<readonly string[]> {
  const news = await newsOf(deps, event);
  if (!news) return [];
  const outcomes = await Promise.all(deps.channels.map((channel) => tell(channel, news)));
  for (const { channel, outcome } of outcomes) {
    if (outcome === 'nobody') continue;
    const delivered = outcome === 'told';
    await recordDelivery(deps, { id: news.approval.id, channel, delivered });
  }
  const failed = outcomes.filter(({ outcome }) => outcome === 'failed');
  if (failed.length > 0) {
    const names = failed.map(({ channel }) => channel).join(', ');
    throw new KeyturnError(
      'DependencyUnavailable',
      `${names} could not tell of ${event.eventId}; it is tried again`,
      { cause: failed[0]?.cause },
    );
  }
  return outcomes.flatMap(({ channel, outcome }) => (outcome === 'told' ? [channel] : []));
}
