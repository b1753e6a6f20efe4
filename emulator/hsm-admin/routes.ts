// SPDX-License-Identifier: Apache-2.0
// The HSM administrator's paths of the admin endpoint; `main.ts` is their command line.
import { z } from 'zod';
import { ok, type Route } from '../faults/admin-route.ts';
import type { Emulator } from '../settings.ts';
import { deleteObject, listObjects } from './objects.ts';
import { activate, createKmsUser, listUsers, logIn, logOut, setKmsUserPassword } from './users.ts';

const Cluster = z.strictObject({ clusterId: z.string() });
/** KMS takes passwords of 7 to 32 characters. @see CreateCustomKeyStore, KeyStorePassword */
const Password = Cluster.extend({ password: z.string().min(7).max(32) });
const Label = Cluster.extend({ label: z.string() });

/** The emulator as the cluster's Region sees it; the configured Region for a cluster that is nowhere. */
function regionOf(home: Emulator, clusterId: string): Emulator {
  const has = ({ store }: Emulator) => store.clusters.find(clusterId) !== undefined;
  return home.regions.all().find(has) ?? home;
}

/** Reads the request, and waits for a backup or restore that has the HSM to itself. */
function performing<Request extends { readonly clusterId: string }>(
  schema: z.ZodType<Request>,
  act: (emulator: Emulator, request: Request) => unknown,
) {
  return async (home: Emulator, given: unknown) => {
    const request = schema.parse(given);
    const emulator = regionOf(home, request.clusterId);
    return ok(await emulator.hsm.gate.run(false, () => act(emulator, request)));
  };
}

/** Paths below `/_admin/hsm`. */
export const HSM_ADMIN_ROUTES: readonly (readonly [string, Route])[] = [
  [
    '/_admin/hsm/activation',
    { post: performing(Cluster, (emulator, { clusterId }) => activate(emulator, clusterId)) },
  ],
  [
    '/_admin/hsm/users',
    {
      get: performing(Cluster, (emulator, { clusterId }) => listUsers(emulator, clusterId)),
      post: performing(Password, (emulator, { clusterId, password }) =>
        createKmsUser(emulator, clusterId, password),
      ),
    },
  ],
  [
    '/_admin/hsm/password',
    {
      post: performing(Password, (emulator, { clusterId, password }) =>
        setKmsUserPassword(emulator, clusterId, password),
      ),
    },
  ],
  [
    '/_admin/hsm/login',
    {
      post: performing(Password, (emulator, { clusterId, password }) =>
        logIn(emulator, clusterId, password),
      ),
      clear: performing(Cluster, (emulator, { clusterId }) => logOut(emulator, clusterId)),
    },
  ],
  [
    '/_admin/hsm/objects',
    {
      get: performing(Cluster, (emulator, { clusterId }) => listObjects(emulator, clusterId)),
      clear: performing(Label, (emulator, { clusterId, label }) =>
        deleteObject(emulator, clusterId, label),
      ),
    },
  ],
];
