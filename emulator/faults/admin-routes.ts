// SPDX-License-Identifier: Apache-2.0
// What can be asked of the admin endpoint, path by path: GET shows, POST sets, DELETE ends.
import { z } from 'zod';
import { DeliveryRequest, TrailQuery } from '../cloudtrail/trail.ts';
import { destroyDueKeys } from '../hsm/reconcile.ts';
import type { Emulator } from '../settings.ts';
import { ConsistencyRequest } from './consistency.ts';
import { FaultRequest } from './faults.ts';
import {
  disconnectStore,
  HsmLossRequest,
  loseHsms,
  lostHsms,
  repairHsms,
  StoreDisconnectRequest,
} from './hsm-loss.ts';
import { LatencyRequest } from './latency.ts';
import { ThrottlingRequest } from './throttling.ts';

/** Status and JSON body of an answer. */
export interface AdminAnswer {
  readonly status: number;
  readonly body: unknown;
}

type Perform = (
  emulator: Emulator,
  given: unknown,
  isGone: () => boolean,
) => AdminAnswer | Promise<AdminAnswer>;

interface Route {
  readonly get?: Perform;
  readonly post?: Perform;
  readonly clear?: Perform;
}

const ClockRequest = z.strictObject({ offsetSeconds: z.number().min(-1e9).max(1e9) });

function ok(body: unknown): AdminAnswer {
  return { status: 200, body };
}

function unknownThing(what: string): AdminAnswer {
  return { status: 404, body: { message: `there is no such ${what}` } };
}

/** Everything that is set. */
function state({ faults, switches, clockSetting, trail, regions }: Emulator) {
  return {
    faults: faults.list(),
    latency: switches.latency.describe(),
    throttling: switches.throttling.describe(),
    consistency: switches.consistency.describe(),
    lostHsms: lostHsms(regions),
    clock: { offsetSeconds: clockSetting.offsetMilliseconds / 1000 },
    cloudtrail: trail.describe(),
  };
}

/** Keys whose deletion date the new time has passed are destroyed at once. */
function setClock(emulator: Emulator, offsetSeconds: number): AdminAnswer {
  emulator.clockSetting.offsetMilliseconds = offsetSeconds * 1000;
  destroyDueKeys(emulator.regions);
  return ok({ offsetSeconds });
}

/** A switch that is set, ended, and answers with everything that is set. */
function switchRoute<Request>(
  schema: z.ZodType<Request>,
  set: (emulator: Emulator, request: Request) => void,
  clear: (emulator: Emulator) => void,
): Route {
  return {
    get: (emulator) => ok(state(emulator)),
    post: (emulator, given) => {
      set(emulator, schema.parse(given));
      return ok(state(emulator));
    },
    clear: (emulator) => {
      clear(emulator);
      return ok(state(emulator));
    },
  };
}

const faults: Route = {
  get: (emulator) => ok({ faults: emulator.faults.list() }),
  post: (emulator, given) => ({
    status: 201,
    body: emulator.faults.add(FaultRequest.parse(given)),
  }),
  clear: (emulator) => {
    emulator.faults.clear();
    return ok({ faults: [] });
  },
};

const hsmLoss: Route = {
  get: (emulator) => ok({ lostHsms: lostHsms(emulator.regions) }),
  post: ({ regions }, given) => {
    const lost = loseHsms(regions, HsmLossRequest.parse(given));
    return lost === undefined ? unknownThing('cluster') : ok({ lost });
  },
  clear: (emulator) => {
    repairHsms(emulator.regions);
    return ok({ lostHsms: [] });
  },
};

const storeDisconnect: Route = {
  post: ({ regions }, given) =>
    disconnectStore(regions, StoreDisconnectRequest.parse(given))
      ? ok({})
      : unknownThing('key store'),
};

const cloudtrail: Route = {
  get: async ({ trail }, given, isGone) => ok(await trail.wait(TrailQuery.parse(given), isGone)),
  post: ({ trail }, given) => {
    trail.setDelay(DeliveryRequest.parse(given));
    return ok(trail.describe());
  },
  clear: ({ trail }) => {
    trail.setDelay({ deliveryDelaySeconds: [0, 0], seed: 1 });
    return ok(trail.describe());
  },
};

function endAll(emulator: Emulator): AdminAnswer {
  emulator.faults.clear();
  for (const item of Object.values(emulator.switches)) item.clear();
  repairHsms(emulator.regions);
  emulator.trail.setDelay({ deliveryDelaySeconds: [0, 0], seed: 1 });
  setClock(emulator, 0);
  return ok(state(emulator));
}

/** The paths of the admin endpoint. */
export const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/_admin', { get: (emulator) => ok(state(emulator)), clear: endAll }],
  ['/_admin/faults', faults],
  [
    '/_admin/latency',
    switchRoute(
      LatencyRequest,
      ({ switches }, request) => switches.latency.set(request),
      ({ switches }) => switches.latency.clear(),
    ),
  ],
  [
    '/_admin/throttling',
    switchRoute(
      ThrottlingRequest,
      ({ switches }, request) => switches.throttling.set(request),
      ({ switches }) => switches.throttling.clear(),
    ),
  ],
  [
    '/_admin/consistency',
    switchRoute(
      ConsistencyRequest,
      ({ switches }, request) => switches.consistency.set(request),
      ({ switches }) => switches.consistency.clear(),
    ),
  ],
  ['/_admin/hsm-loss', hsmLoss],
  ['/_admin/store-disconnect', storeDisconnect],
  [
    '/_admin/clock',
    switchRoute(
      ClockRequest,
      (emulator, { offsetSeconds }) => setClock(emulator, offsetSeconds),
      (emulator) => setClock(emulator, 0),
    ),
  ],
  ['/_admin/cloudtrail', cloudtrail],
]);
