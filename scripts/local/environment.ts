// SPDX-License-Identifier: Apache-2.0
// The environment of everything the local stack starts: built from nothing, so that the user's AWS profile and
// variables reach neither the emulator nor the functions it runs.
import { dirname } from 'node:path';
import type { Layout } from './layout.ts';

/** The one region and account of the local stack. */
export const REGION = 'us-east-1';
export const ACCOUNT = '000000000000';
/** The root key of the emulated account; used to deploy, never by functions. */
export const ROOT_KEY = { accessKeyId: 'test', secretAccessKey: 'test' } as const;

/** Path with the pinned Node first, home and temporary directory inside the stack's own. */
export function baseEnvironment(layout: Layout): NodeJS.ProcessEnv {
  return {
    PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: layout.temporary,
    TMPDIR: layout.temporary,
    LANG: 'C.UTF-8',
    NODE_EXTRA_CA_CERTS: layout.tls.ca,
    AWS_ACCESS_KEY_ID: ROOT_KEY.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ROOT_KEY.secretAccessKey,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}
