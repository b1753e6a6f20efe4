// SPDX-License-Identifier: Apache-2.0
// The HSM administrator of tests: requests to the admin endpoint, as the command line makes them.

/** What the administrator needs to know of an emulator. */
export interface Administered {
  readonly url: string;
  readonly adminToken: string;
}

/** One request below `/_admin`; answers status and body. */
export async function admin(
  { url, adminToken }: Administered,
  method: string,
  path: string,
  body?: object,
) {
  const response = await fetch(`${url}/_admin/${path}`, {
    method,
    headers: { 'x-admin-token': adminToken },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  return { status: response.status, body: answer };
}

/** One request of the HSM administrator. */
export function hsmAdmin(
  emulator: Administered,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  members: Record<string, string>,
) {
  if (method === 'POST') return admin(emulator, method, `hsm/${path}`, members);
  return admin(emulator, method, `hsm/${path}?${new URLSearchParams(members)}`);
}
