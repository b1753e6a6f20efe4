// SPDX-License-Identifier: Apache-2.0
// Synthesizes a stage with one-line handlers, so that tests of infrastructure do not bundle the real ones, and hands
// out the templates and what the roles in them allow.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import cdkJson from '../../cdk.json' with { type: 'json' };
import { FUNCTION_NAMES } from '../../core/contract/environment.ts';
import type { Stage } from '../../core/contract/vocabulary.ts';
import { loadSettings } from '../../lib/config/load-settings.ts';
import { addStacks, type KeyturnStacks, sourcesOf } from '../../lib/keyturn-app.ts';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-west-1';
export const ROOT = join(import.meta.dirname, '..', '..');

/** Context as on the command line. */
export function context(stage: Stage): Record<string, string> {
  const local = { issuerUrl: 'https://localhost:4000/', jwksUrl: 'https://localhost:4000/jwks' };
  return { stage, account: ACCOUNT, region: REGION, ...(stage === 'local' ? local : {}) };
}

/** A folder of one-line handlers, and a function that removes it. */
export function stubHandlers(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-handlers-'));
  for (const name of FUNCTION_NAMES) {
    mkdirSync(join(folder, 'functions', name), { recursive: true });
    const handler = `export const handler = async () => '${name}';\n`;
    writeFileSync(join(folder, 'functions', name, 'handler.ts'), handler);
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

type Synthesized = ReturnType<typeof synthesizeAnew>;
const synthesized = new Map<Stage, Synthesized>();

/** Stacks and templates of a stage: once per process, because a synth takes seconds. */
export function synthesize(stage: Stage): Synthesized {
  const found = synthesized.get(stage) ?? synthesizeAnew(stage);
  synthesized.set(stage, found);
  return found;
}

/** Stacks and templates of a stage with other context values. */
export function synthesizeAnew(stage: Stage, over: Record<string, string> = {}) {
  const stubs = stubHandlers();
  try {
    const outdir = join(stubs.folder, 'out');
    const app = new App({ outdir, context: { ...cdkJson.context, ...context(stage), ...over } });
    const stacks = addStacks(
      app,
      loadSettings((name) => app.node.tryGetContext(name)),
      {
        ...sourcesOf(ROOT),
        functions: join(stubs.folder, 'functions'),
        bundles: join(stubs.folder, 'bundles'),
      },
    );
    return { app, stacks, templates: templatesOf(stacks) };
  } finally {
    stubs.remove();
  }
}

export type Part = keyof KeyturnStacks;
export type Templates = Readonly<Record<Part, Template>>;

function templatesOf(stacks: KeyturnStacks): Templates {
  const parts = Object.entries(stacks).map(([part, stack]) => [part, Template.fromStack(stack)]);
  return Object.fromEntries(parts) as Templates;
}
