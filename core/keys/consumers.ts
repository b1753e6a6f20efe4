// SPDX-License-Identifier: Apache-2.0
// Consumers of a key: who uses it, with which rights, and which version they were last known to run. The grants of
// all of them are also kept on the key (`consumerAccess`), written in the same transaction.
import type {
  AcknowledgementMode,
  ConsumerKind,
  ConsumerState,
  Right,
} from '../contract/vocabulary.ts';
import { RIGHTS } from '../contract/vocabulary.ts';
import type { AccessGrant, Containment, Instant, KeyRecord, VersionRecord } from './records.ts';

/** How a consumer is told of a version, and how it answers. */
export interface AcknowledgementPlan {
  readonly mode: AcknowledgementMode;
  /** Of mode `wait`: seconds after which the consumer counts as ready. */
  readonly waitSeconds: number | null;
  /** Of mode `webhook`: where signed notices go. */
  readonly url: string | null;
}

/** The last notice that was tried. */
export interface Delivery {
  readonly eventId: string;
  readonly at: Instant;
  readonly outcome: 'delivered' | 'failed';
  /** Status or kind of failure; never what the other side answered. */
  readonly detail: string;
}

/** What a consumer was told of the containment of its key, and said to it. */
export interface StopNotice {
  /** Of the containment. */
  readonly operationId: string;
  /** When its endpoint first took a notice of it; null: it never did. */
  readonly toldAt: Instant | null;
  /** When it said that its caches are empty; null: it did not. */
  readonly purgedAt: Instant | null;
}

export interface ConsumerRecord {
  readonly key: string;
  readonly name: string;
  /** Accountable person or team of the directory. */
  readonly owner: string;
  /** Where its people can be reached; free text. */
  readonly contact: string;
  readonly principal: string;
  readonly rights: readonly Right[];
  readonly kind: ConsumerKind;
  readonly acknowledgement: AcknowledgementPlan;
  /** Of kind `aws-service`: the version whose ARN the service holds on to. */
  readonly boundKeyArn: string | null;
  readonly state: ConsumerState;
  /** Highest version that the consumer said it is ready for. */
  readonly acknowledgedVersion: number | null;
  readonly acknowledgedAt: Instant | null;
  /** Version that the consumer was last known to use, and when. */
  readonly lastSeenVersion: number | null;
  readonly lastSeenAt: Instant | null;
  readonly delivery: Delivery | null;
  /** Of the containments that it was told of and that stood then: a version may be revoked while its key is suspended. */
  readonly stops?: readonly StopNotice[];
  /** Operation that opened or last changed its access. */
  readonly operationId: string;
  /** Revision of the key at the last change of the registration; its ETag. */
  readonly revision: number;
  readonly registeredAt: Instant;
  readonly registeredBy: string;
}

/** One grant per principal with all its rights, in the order in which principals appear. */
function merged(grants: readonly AccessGrant[]): AccessGrant[] {
  const byPrincipal = Map.groupBy(grants, ({ principal }) => principal);
  return [...byPrincipal].map(([principal, all]) => ({
    principal,
    rights: RIGHTS.filter((right) => all.some(({ rights }) => rights.includes(right))),
    ...(all.some(({ forService }) => forService) ? { forService: true as const } : {}),
    ...(all.some(({ isNamed }) => isNamed) ? { isNamed: true as const } : {}),
  }));
}

/** The grants of consumers, as the key keeps them. */
export function grantsOf(consumers: readonly ConsumerRecord[]): AccessGrant[] {
  return merged(
    consumers
      .filter((consumer) => consumer.state !== 'removed')
      .map(({ principal, rights, kind }) => ({
        principal,
        rights,
        ...(kind === 'aws-service' ? { forService: true as const } : {}),
      })),
  );
}

/** Everybody who may use a key: those named when it was created, and its consumers. */
export function accessOf(
  key: Pick<KeyRecord, 'access' | 'consumerAccess'>,
): readonly AccessGrant[] {
  const { access, consumerAccess = [] } = key;
  return consumerAccess.length === 0 ? access : merged([...access, ...consumerAccess]);
}

/** Consumers that hold on to a version by its ARN: it must go on encrypting for them. */
export function boundTo(
  consumers: readonly ConsumerRecord[],
  version: Pick<VersionRecord, 'keyArn'>,
): readonly ConsumerRecord[] {
  return consumers.filter(
    (consumer) => consumer.kind === 'aws-service' && consumer.boundKeyArn === version.keyArn,
  );
}

/** Consumers that must have answered before a switch: a bound service meets the new version only when it is moved. */
export function answering(consumers: readonly ConsumerRecord[]): readonly ConsumerRecord[] {
  return consumers.filter((consumer) => consumer.kind !== 'aws-service');
}

/** Longest that a client may go on with what it cached: `docs/revocation.md` asks for no more (threat T13). */
export const CACHE_SECONDS = 300;

interface Containable {
  readonly key: Pick<KeyRecord, 'containment'>;
  readonly versions: readonly Pick<VersionRecord, 'containment'>[];
}

/** All that stops a key or versions of it: what holds now, then what would hold without it. */
export function containmentsOf({ key, versions }: Containable): readonly Containment[] {
  const ofVersions = versions.flatMap(({ containment }) => (containment ? [containment] : []));
  ofVersions.sort((a, b) => (a.at < b.at ? 1 : -1));
  return key.containment ? [key.containment, ...ofVersions] : ofVersions;
}

/** The containment that holds now: the key's, or the last one of a version. */
export function containmentOf(snapshot: Containable): Containment | null {
  return containmentsOf(snapshot)[0] ?? null;
}

/** What a consumer was told of one containment, and said to it. */
export function noticeOf(
  { stops = [] }: Pick<ConsumerRecord, 'stops'>,
  operationId: string,
): StopNotice {
  const known = stops.find((stop) => stop.operationId === operationId);
  return known ?? { operationId, toldAt: null, purgedAt: null };
}

/** A consumer's record with what it was told, or said, last; what does not stand any more is forgotten. */
export function withStop(
  { stops = [] }: Pick<ConsumerRecord, 'stops'>,
  snapshot: Containable,
  notice: StopNotice,
): Pick<ConsumerRecord, 'stops'> {
  const standing = containmentsOf(snapshot).map(({ operationId }) => operationId);
  const others = stops.filter(
    ({ operationId }) => operationId !== notice.operationId && standing.includes(operationId),
  );
  return { stops: [...others, notice] };
}

/**
 * How far a consumer is with the containment that holds now.
 * @param now lagging is who has not said by then that its caches are empty, although they may no longer hold anything
 * @returns null: nothing of the key is contained
 */
export function stopOf(
  consumer: Pick<ConsumerRecord, 'stops'>,
  snapshot: Containable,
  now: Instant,
): (StopNotice & { readonly isLagging: boolean }) | null {
  const containment = containmentOf(snapshot);
  if (!containment) return null;
  const { operationId, at } = containment;
  const known = noticeOf(consumer, operationId);
  const isLate = Date.parse(now) >= Date.parse(at) + CACHE_SECONDS * 1000;
  return { ...known, isLagging: known.purgedAt === null && isLate };
}
