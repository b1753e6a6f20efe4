// SPDX-License-Identifier: Apache-2.0
// Events that others put onto the bus `keyturn` to say that a key may have to rotate before its time. They are hints:
// what they claim is read again from Keyturn's own records, policies and directory before anything changes.
import { z } from 'zod';
import { KeyName } from './api.ts';

/** `detail.version` of this file's shapes; another one is refused, not guessed at. */
export const SIGNAL_VERSION = 1;
const version = z.literal(SIGNAL_VERSION);
const reference = z.string().min(1).max(200).optional();

/** Shape of `detail` by detail-type. */
export const SIGNALS = {
  /** Somebody left. Keys are due whose owner the directory no longer knows. */
  'personnel.changed': z.strictObject({ version, person: z.string().min(1).max(64), reference }),
  /** A system that uses keys was compromised or is suspect: its keys rotate without waiting for a window. */
  'dependency.incident': z.strictObject({
    version,
    keys: z.array(KeyName).min(1).max(50),
    reference,
  }),
  /** A score of 0 to 100; the class says from which on it counts. */
  'risk.score': z.strictObject({
    version,
    key: KeyName,
    score: z.number().min(0).max(100),
    reference,
  }),
  /** A version protected much: it is replaced before AES-GCM's bound on one key. */
  'usage.volume': z.strictObject({ version, key: KeyName, reference }),
  /** Imported material of a key will be forgotten by KMS: it rotates while that can still be read. */
  'material.expiring': z.strictObject({ version, key: KeyName, reference }),
  /** The classes of this deployment changed. */
  'policy.changed': z.strictObject({ version, reference }),
} as const;
export type SignalType = keyof typeof SIGNALS;
export const SIGNAL_TYPES = Object.keys(SIGNALS) as SignalType[];

/** What of an EventBridge event a signal is read from. */
export const SignalEvent = z.object({
  id: z.string().min(1).max(128),
  source: z.string().min(1).max(256),
  account: z.string(),
  'detail-type': z.enum(Object.keys(SIGNALS) as [SignalType, ...SignalType[]]),
  time: z.iso.datetime(),
  detail: z.unknown(),
});

type SignalDetails = { [T in SignalType]: z.infer<(typeof SIGNALS)[T]> };

/** A signal as the use case gets it. */
export type Signal = {
  [T in SignalType]: {
    readonly id: string;
    readonly source: string;
    /** When the sender says it happened. */
    readonly at: string;
    readonly type: T;
    readonly detail: SignalDetails[T];
  };
}[SignalType];

/**
 * Reads a signal, strictly.
 * @returns null when the event is of another account, an unknown type or version, or not of the published shape
 */
export function parseSignal(event: unknown, account: string): Signal | null {
  const envelope = SignalEvent.safeParse(event);
  if (!envelope.success || envelope.data.account !== account) return null;
  const { id, source, time, 'detail-type': type, detail } = envelope.data;
  const parsed = SIGNALS[type].safeParse(detail);
  if (!parsed.success) return null;
  const at = new Date(time).toISOString();
  // The schema of `type` read `detail`, which the compiler cannot follow through the table.
  return { id, source, at, type, detail: parsed.data } as Signal;
}
