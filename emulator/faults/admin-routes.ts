// SPDX-License-Identifier: Apache-2.0
// What can be asked of the admin endpoint, path by path.
import { z } from 'zod';
import { DeliveryRequest, TrailQuery } from '../cloudtrail/trail.ts';
import { HSM_ADMIN_ROUTES } from '../hsm-admin/routes.ts';
import { passTime } from '../passing-time.ts';
import type { Emulator } from '../settings.ts';
import { type AdminAnswer, ok, type Route } from './admin-route.ts';
import {
  ConnectionFaultRequest,
  endConnectionFaults,
  setConnectionFault,
} from './connection-fault.ts';
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

const ClockRequest = z.strictObject({ offsetSeconds: z.number().min(-1e9).max(1e9) });

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

/** What is due by the new time happens at once: daily backups, and the end of keys whose deletion date has come. */
async function setClock(emulator: Emulator, offsetSeconds: number): Promise<void> {
  emulator.clockSetting.offsetMilliseconds = offsetSeconds * 1000;
  await passTime(emulator.regions);
}

/** A switch that is set, ended, and answers with everything that is set. */
function switchRoute<Request>(
  schema: z.ZodType<Request>,
  set: (emulator: Emulator, request: Request) => void | Promise<void>,
  clear: (emulator: Emulator) => void | Promise<void>,
): Route {
  return {
    get: (emulator) => ok(state(emulator)),
    post: async (emulator, given) => {
      await set(emulator, schema.parse(given));
      return ok(state(emulator));
    },
    clear: async (emulator) => {
      await clear(emulator);
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

const connectionFault: Route = {
  post: ({ regions }, given) => {
    const request = ConnectionFaultRequest.parse(given);
    return setConnectionFault(regions, request) ? ok(request) : unknownThing('cluster');
  },
  clear: ({ regions }) => {
    endConnectionFaults(regions);
    return ok({});
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

async function endAll(emulator: Emulator): Promise<AdminAnswer> {
  emulator.faults.clear();
  for (const item of Object.values(emulator.switches)) item.clear();
  repairHsms(emulator.regions);
  endConnectionFaults(emulator.regions);
  emulator.trail.setDelay({ deliveryDelaySeconds: [0, 0], seed: 1 });
  await setClock(emulator, 0);
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
  ['/_admin/connection-fault', connectionFault],
  [
    '/_admin/clock',
    switchRoute(
      ClockRequest,
      (emulator, { offsetSeconds }) => setClock(emulator, offsetSeconds),
      (emulator) => setClock(emulator, 0),
    ),
  ],
  ['/_admin/cloudtrail', cloudtrail],
  ...HSM_ADMIN_ROUTES,
]);
