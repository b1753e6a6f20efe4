// SPDX-License-Identifier: Apache-2.0
// `.local/stack.json`: what a running local stack tells everyone else (CLI, tests, measurements). Mode 0600,
// because it holds the admin token.
import { existsSync, renameSync } from 'node:fs';
import { z } from 'zod';
import { EMULATORS, type EmulatorName } from './emulators/names.ts';
import { LocalStackError } from './errors.ts';
import { type Layout, layoutOf } from './layout.ts';
import { readJson, writePrivate } from './private-file.ts';

const url = z.string().nullable();

const schema = z.object({
  emulator: z.enum(EMULATORS).default('ministack'),
  apiUrl: url,
  workloadApiUrl: url,
  consoleUrl: url,
  gatewayUrl: z.string(),
  kmsUrl: z.string(),
  slackUrl: url,
  mailUrl: url,
  issuerUrl: z.string(),
  region: z.string(),
  account: z.string(),
  stage: z.string(),
  caFile: z.string(),
  tableName: z.string().nullable(),
  eventBusName: z.string().nullable(),
  evidenceBucket: z.string().nullable(),
  keyStoreId: z.string().nullable(),
  roles: z.record(z.string(), z.string()),
  stateMachines: z.record(z.string(), z.string()),
  schedules: z.record(z.string(), z.string()),
  outputs: z.record(z.string(), z.string()),
  adminToken: z.string(),
});

/** The contents of `stack.json`; a URL of something not built is null. */
export type StackInfo = z.infer<typeof schema>;

/** Reads the file of a directory. @throws LocalStackError when there is none */
export function readStackFile(directory: string): StackInfo {
  const raw = readJson(layoutOf(directory).stackFile);
  if (raw === undefined) throw new LocalStackError('no local stack is deployed; run `npm start`');
  return schema.parse(raw);
}

/** The contents of the file if it is there and of the present form. */
export function findStackFile(layout: Layout): StackInfo | undefined {
  return schema.safeParse(readJson(layout.stackFile)).data;
}

/** Puts the file of another emulator aside, and brings back what this one left: some members outlive a stop. */
export function bringBackStackFile(layout: Layout, emulator: EmulatorName): void {
  const last = findStackFile(layout)?.emulator;
  if (last === emulator) return;
  const asideOf = (name: EmulatorName) => layout.stackFile.replace(/\.json$/, `.${name}.json`);
  if (last !== undefined) renameSync(layout.stackFile, asideOf(last));
  if (existsSync(asideOf(emulator))) renameSync(asideOf(emulator), layout.stackFile);
}

/** Replaces the file. */
export function writeStackFile(layout: Layout, info: StackInfo): void {
  writePrivate(layout.stackFile, `${JSON.stringify(info, undefined, 2)}\n`);
}

/** Changes some members of the file, for steps that learn a value later (the key store's id). */
export function updateStackFile(directory: string, patch: Partial<StackInfo>): StackInfo {
  const info = schema.parse({ ...readStackFile(directory), ...patch });
  writeStackFile(layoutOf(directory), info);
  return info;
}
