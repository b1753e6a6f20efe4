// SPDX-License-Identifier: Apache-2.0
// `endpoint.json` in the data folder: where a running emulator listens, for commands that administer it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const schema = z.object({ url: z.string(), adminTokenPath: z.string() });

/** Where an emulator listens, and where its admin token lies. */
export type Endpoint = z.infer<typeof schema>;

/** The file of a data folder. */
export function endpointFile(dataFolder: string): string {
  return join(dataFolder, 'endpoint.json');
}

/** The emulator that runs on a data folder. @throws Error when none does */
export function readEndpoint(dataFolder: string): Endpoint {
  const path = endpointFile(dataFolder);
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new Error(`no emulator runs on ${dataFolder} (${path} cannot be read); start one`, {
      cause,
    });
  }
}
