// SPDX-License-Identifier: Apache-2.0
// Use case: an HSM administrator says which keys the restored HSM has. They are held against the record: what was there
// before the backup has to be in it.
import { KeyturnError } from '../errors.ts';
import type { Instant, VersionRecord } from '../keys/records.ts';
import type { Ledger } from '../ports/ledger.ts';
import { versionsIn } from '../recovery/survey-keys.ts';
import {
  type DrillActor,
  type DrillDraft,
  type DrillStore,
  drillNotFound,
  intoPhase,
  mutateDrill,
} from './drill-record.ts';
import type { DrilledVersion, DrillRecord, KeyFindings } from './records.ts';

/** Keys that are read at once. */
const PAGE = 50;
/** A row holds 400 KB at most; a version named is some 120 bytes. */
const MOST_NAMED = 200;
/** KMS labels the object of a key with the key's id (KMS developer guide, "Find the key material for a KMS key"). */
const KEY_ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
const READABLE = ['active', 'suspended', 'deactivated', 'compromised'];

export interface CompareKeysDeps extends DrillStore {
  readonly ledger: Ledger;
}

/** KMS may have deleted the key before the backup was taken: then its material was never in it. */
const mayBeGone = ({ destruction }: VersionRecord) =>
  destruction !== undefined && !['disabling', 'quiet', 'stopped'].includes(destruction.phase);

/** Its material was proven before the backup, and nothing took it away since. */
const isExpected = (version: VersionRecord, backupAt: Instant) =>
  READABLE.includes(version.state) &&
  version.verifiedAt !== null &&
  version.verifiedAt <= backupAt &&
  !mayBeGone(version);

const named = ({ name: key, version, keyId }: VersionRecord): DrilledVersion => ({
  key,
  version,
  keyId: keyId ?? '',
});

interface Compared {
  readonly expected: number;
  readonly missing: readonly DrilledVersion[];
  readonly lingering: readonly DrilledVersion[];
  readonly known: ReadonlySet<string>;
}

async function compared(
  ledger: Ledger,
  drill: DrillRecord,
  present: ReadonlySet<string>,
): Promise<Compared> {
  const known = new Set<string>();
  const missing: DrilledVersion[] = [];
  const lingering: DrilledVersion[] = [];
  let expected = 0;
  for (let after: string | null = null; ; ) {
    const page = await ledger.listKeys(after, PAGE);
    const snapshots = await Promise.all(page.items.map(({ name }) => ledger.readKey(name)));
    for (const version of snapshots.flatMap((one) =>
      one ? versionsIn(one, drill.keyStore) : [],
    )) {
      const isPresent = present.has(version.keyId ?? '');
      known.add(version.keyId ?? '');
      if (version.state === 'destroyed' && isPresent) lingering.push(named(version));
      if (!isExpected(version, drill.backupAt ?? '')) continue;
      expected += 1;
      if (!isPresent) missing.push(named(version));
    }
    after = page.nextCursor;
    if (after === null) return { expected, missing, lingering, known };
  }
}

function draftOf(drill: DrillRecord, keys: KeyFindings, now: Instant): DrillDraft {
  const { listed, expected, missingCount } = keys;
  const causes =
    missingCount === 0
      ? drill.causes
      : [...drill.causes, `${missingCount} of ${expected} expected versions are not in the backup`];
  return {
    action: 'drill.keys-listed',
    patch: { keys, causes, ...intoPhase(drill, 'remove', now) },
    detail: { listed, expected, missing: missingCount },
  };
}

function requireOpen({ id, phase }: DrillRecord): void {
  if (phase === 'list-keys') return;
  throw new KeyturnError(
    'TransitionForbidden',
    `${id} is in ${phase}; keys are listed in list-keys`,
  );
}

/**
 * Compares a list of labels with the record, and lets the cluster go.
 * @throws KeyturnError `OperationNotFound`, `TransitionForbidden` when nobody waits for the list
 */
export async function reportDrillKeys(
  deps: CompareKeysDeps,
  input: DrillActor & { readonly id: string; readonly labels: readonly string[] },
): Promise<DrillRecord> {
  const found = await deps.drills.readDrill(input.id);
  if (!found) throw drillNotFound();
  requireOpen(found);
  const present = new Set(input.labels.map((label) => KEY_ID.exec(label)?.[0] ?? label));
  const { expected, missing, lingering, known } = await compared(deps.ledger, found, present);
  return mutateDrill(deps, input.id, input, (drill, now) => {
    requireOpen(drill);
    const keys = {
      listed: input.labels.length,
      expected,
      found: expected - missing.length,
      missing: missing.slice(0, MOST_NAMED),
      missingCount: missing.length,
      lingering: lingering.slice(0, MOST_NAMED),
      lingeringCount: lingering.length,
      unknown: [...present].filter((id) => !known.has(id)).length,
      reportedBy: input.by,
      reportedAt: now,
    };
    return draftOf(drill, keys, now);
  });
}
