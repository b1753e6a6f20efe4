// SPDX-License-Identifier: Apache-2.0
// Use cases: one more HSM for a key store's cluster, or a new one in the place of another. Asked for here, done by looks
// that come again and again (decision 27): each does the one thing that is next, after it has recorded that it will.
// An HSM goes only when those that stay work in two zones, so that keys can be made and read all the while.
import type { AuditValue } from '../audit/chain.ts';
import { isError, KeyturnError } from '../errors.ts';
import { later } from '../operations/admit-operation.ts';
import type { FleetView, HsmFleet, HsmView } from '../ports/hsm-fleet.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Clock, Decision } from '../ports/platform.ts';
import { activeZonesOf, ZONES_NEEDED } from './judge-fleet.ts';
import { toChange } from './key-store-change.ts';
import type { FleetChange, KeyStoreRecord } from './records.ts';

/**
 * How long an HSM may take to show itself, or to go. CloudHSM makes one in about ten minutes (CloudHSM user guide,
 * "Adding an HSM"); beyond three times that a person looks.
 */
const PATIENCE_SECONDS = 1800;

const GONE = ['DELETED', 'DELETE_IN_PROGRESS'];
const isThere = ({ state }: HsmView) => !GONE.includes(state);

export interface FleetDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
}

export interface FleetRequest {
  readonly keyStore: string;
  /** Null: the zone with the fewest HSMs. */
  readonly zone: string | null;
  /** The HSM that is to go; its zone is the new one's. */
  readonly replaces: string | null;
  readonly by: string;
  readonly decision: Decision;
}

/** @throws KeyturnError `KeyStoreNotFound`, `KeyStoreMisconfigured` while it has no cluster */
export async function clusterOf(
  ledger: Ledger,
  name: string,
): Promise<{ readonly record: KeyStoreRecord; readonly clusterId: string }> {
  const record = await ledger.readKeyStore(name);
  if (!record) throw new KeyturnError('KeyStoreNotFound', 'no key store has this name');
  if (record.state === 'done' && record.clusterId !== null)
    return { record, clusterId: record.clusterId };
  throw new KeyturnError(
    'KeyStoreMisconfigured',
    `key store ${name} is not provisioned; see "keyturn key-store show ${name}"`,
  );
}

const isOpen = (change: FleetChange | null | undefined) =>
  change != null && change.state !== 'done' && change.state !== 'failed';

function refused(pointer: string, detail: string): KeyturnError {
  return new KeyturnError('ValidationFailed', detail, { fields: [{ pointer, detail }] });
}

function placeOf({ zone, replaces }: FleetRequest, view: FleetView): string {
  const hsms = view.hsms.filter(isThere);
  if (replaces !== null) {
    const old = hsms.find(({ id }) => id === replaces);
    if (!old)
      throw refused('/replaces', `the cluster has no HSM ${replaces}; see "keyturn hsm list"`);
    return old.zone;
  }
  if (zone !== null && !view.zones.includes(zone))
    throw refused('/zone', `the cluster has subnets in ${view.zones.join(', ')} alone`);
  const filled = (candidate: string) => hsms.filter((one) => one.zone === candidate).length;
  const [emptiest] = view.zones.toSorted((a, b) => filled(a) - filled(b) || a.localeCompare(b));
  if (zone === null && emptiest === undefined)
    throw refused('/zone', 'the cluster shows no subnet; name a zone');
  return zone ?? emptiest ?? '';
}

/**
 * Records that an HSM is to be added or replaced. The same request while it is under way is the same change.
 * @param view the cluster as it is now
 * @throws KeyturnError `KeyStoreNotFound`, `KeyStoreMisconfigured`, `ValidationFailed`, `OperationInProgress` while
 * another change is under way, `RevisionConflict`
 */
export async function admitFleetChange(
  deps: FleetDeps,
  request: FleetRequest,
  view: FleetView,
): Promise<FleetChange> {
  const { record } = await clusterOf(deps.ledger, request.keyStore);
  const known = record.fleet;
  const zone = placeOf(request, view);
  if (known && isOpen(known)) {
    if (known.zone === zone && known.replaces === request.replaces) return known;
    throw new KeyturnError(
      'OperationInProgress',
      `an HSM in ${known.zone} is being ${known.kind === 'add' ? 'added' : 'replaced'} already`,
    );
  }
  const at = deps.clock.now();
  const change: FleetChange = {
    kind: request.replaces === null ? 'add' : 'replace',
    zone,
    replaces: request.replaces,
    before: view.hsms.map(({ id }) => id),
    state: 'admitted',
    hsmId: null,
    cause: null,
    requestedBy: request.by,
    startedAt: at,
    askedAt: null,
    endedAt: null,
  };
  const audit = {
    at,
    actor: request.by,
    action: 'hsm.change-admitted',
    decision: request.decision,
    operationId: null,
    detail: { kind: change.kind, zone, replaces: change.replaces },
  };
  await deps.ledger.commitKeyStore(toChange(record, { fleet: change }, audit));
  return change;
}

/** What a look at the cluster leads to. */
interface Next {
  readonly action: string;
  readonly patch: Partial<FleetChange>;
  /** What is asked of CloudHSM once that is recorded. */
  readonly ask?: (fleet: HsmFleet, clusterId: string) => Promise<void>;
}

const failed = (cause: string): Next => ({
  action: 'hsm.change-failed',
  patch: { state: 'failed', cause },
});

function askForHsm({ zone }: FleetChange, now: string): Next {
  return {
    action: 'hsm.addition-intended',
    patch: { state: 'adding', askedAt: now },
    ask: (fleet, clusterId) => fleet.addHsm(clusterId, zone),
  };
}

function askForEnd(change: FleetChange, now: string): Next {
  return {
    action: 'hsm.deletion-intended',
    patch: { state: 'deleting', askedAt: now },
    ask: (fleet, clusterId) => fleet.deleteHsm(clusterId, change.replaces ?? ''),
  };
}

function whileAdding(change: FleetChange, view: FleetView, now: string): Next | null {
  const made = view.hsms.find(
    (hsm) => isThere(hsm) && hsm.zone === change.zone && !change.before.includes(hsm.id),
  );
  const isLate = later(change.askedAt ?? now, PATIENCE_SECONDS) <= now;
  if (made?.state === 'ACTIVE') return whenMade(change, made, view, now);
  if (!isLate) return null;
  return failed(
    made
      ? `HSM ${made.id} is ${made.state} after ${PATIENCE_SECONDS / 60} minutes`
      : `no HSM showed itself in ${change.zone} in ${PATIENCE_SECONDS / 60} minutes; ask again`,
  );
}

/** The old one goes only when the others, the new one among them, work in two zones. */
function whenMade(change: FleetChange, made: HsmView, view: FleetView, now: string): Next {
  if (change.replaces === null)
    return { action: 'hsm.added', patch: { state: 'done', hsmId: made.id } };
  const staying = activeZonesOf(view.hsms.filter(({ id }) => id !== change.replaces));
  if (staying.size < ZONES_NEEDED)
    return failed(
      `without ${change.replaces} HSMs work in ${staying.size} zone(s), and KMS needs ${ZONES_NEEDED}; the new HSM ${made.id} stays beside it`,
    );
  const next = askForEnd(change, now);
  return { ...next, patch: { ...next.patch, hsmId: made.id } };
}

function whileDeleting(change: FleetChange, view: FleetView, now: string): Next | null {
  const old = view.hsms.find(({ id }) => id === change.replaces);
  if (!old || !isThere(old)) return { action: 'hsm.replaced', patch: { state: 'done' } };
  // The call, or its answer, was lost: the HSM is there as before.
  return later(change.askedAt ?? now, PATIENCE_SECONDS) <= now ? askForEnd(change, now) : null;
}

function nextOf(change: FleetChange, view: FleetView, now: string): Next | null {
  if (change.state === 'admitted') return askForHsm(change, now);
  if (change.state === 'adding') return whileAdding(change, view, now);
  return whileDeleting(change, view, now);
}

async function record(deps: FleetDeps, keyStore: KeyStoreRecord, next: Next): Promise<void> {
  const { fleet } = keyStore;
  if (!fleet) return;
  const at = deps.clock.now();
  const change = { ...fleet, ...next.patch };
  const isEnded = !isOpen(change);
  const detail: Record<string, AuditValue> = {
    zone: change.zone,
    hsmId: change.hsmId,
    replaces: change.replaces,
    cause: change.cause,
  };
  const audit = {
    at,
    actor: 'schedule/watch-hsms',
    action: next.action,
    decision: { effect: 'permit' as const, rule: 'hsms-work-in-two-zones' },
    operationId: null,
    detail,
  };
  const patched = { fleet: { ...change, endedAt: isEnded ? at : null } };
  await deps.ledger.commitKeyStore(toChange(keyStore, patched, audit));
}

/**
 * Goes on with the change of a key store's HSMs, if one is open: at most one call of CloudHSM. The intent is recorded
 * first, so of two looks at the same moment one alone asks.
 * @returns the change as recorded; null when none is open
 * @throws KeyturnError `RevisionConflict` when another look was faster, and `DependencyUnavailable`
 */
export async function advanceFleetChange(
  deps: FleetDeps & { readonly fleet: HsmFleet },
  name: string,
  view: FleetView,
): Promise<FleetChange | null> {
  const keyStore = await deps.ledger.readKeyStore(name);
  if (!keyStore?.fleet || !isOpen(keyStore.fleet)) return null;
  const next = nextOf(keyStore.fleet, view, deps.clock.now());
  if (!next) return keyStore.fleet;
  await record(deps, keyStore, next);
  try {
    await next.ask?.(deps.fleet, view.clusterId);
  } catch (error) {
    // Refused for good; what may have been done all the same shows itself to the next looks.
    if (!isError(error, 'KeyStoreUnavailable')) throw error;
    const refusedRecord = await deps.ledger.readKeyStore(name);
    if (refusedRecord) await record(deps, refusedRecord, failed(error.message));
  }
  return (await deps.ledger.readKeyStore(name))?.fleet ?? null;
}
