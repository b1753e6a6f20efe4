// SPDX-License-Identifier: Apache-2.0
// `keyturn rotation …`: a rotation and the consumers that it waits for.
import type { Command } from 'commander';
import { announceChange } from '../announce.ts';
import { type Act, addNoun, addVerb, withIdempotencyKey } from '../command-tree.ts';
import { viewConsumer, viewRotation } from '../consumer-views.ts';
import { type Context, printAnswer } from '../context.ts';
import { UsageError } from '../failures.ts';
import { startAct } from '../start-act.ts';
import type { WorkOptions } from '../start-operation.ts';
import { viewOperation } from '../views.ts';
import { watchOperation } from '../watch-operation.ts';
import { parseInstant } from './key.ts';

const ID = 'op_01JD2Q4Y8Z5V7K3M9N6P0R1S2T';

function addStatus(noun: Command, act: Act): void {
  addVerb(noun, 'status <operation>', {
    summary: 'Show who acknowledged, who lags, and until when',
    examples: [
      `keyturn rotation status ${ID}`,
      `keyturn rotation status ${ID} --output json | jq .lagging`,
    ],
  }).action(
    act(async (context: Context, id: string) => {
      const answer = await context.client().getRotation(id, { signal: context.signal });
      printAnswer(context, answer, viewRotation);
      return 'ok';
    }),
  );
}

function parseVersion(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`--key-version "${text}" is not the number of a version`);
}

function addAck(noun: Command, act: Act): void {
  addVerb(noun, 'ack <operation>', {
    summary: 'Say that a consumer is ready for the version; only the consumer itself may',
    examples: [
      `keyturn rotation ack ${ID} --consumer billing --key-version 3`,
      `keyturn rotation ack ${ID} --consumer billing --key-version 3 --print-curl`,
    ],
  })
    .requiredOption('--consumer <name>', 'the consumer')
    .requiredOption('--key-version <number>', 'the version that it runs or is ready for')
    .action(
      act(
        async (context: Context, id: string, options: { consumer: string; keyVersion: string }) => {
          const { consumer } = options;
          const version = parseVersion(options.keyVersion);
          await announceChange(context, `acknowledge version ${version} for consumer ${consumer}`);
          const { signal } = context;
          const answer = await context
            .client()
            .acknowledgeRotation(id, { consumer, version }, { signal });
          printAnswer(context, answer, viewConsumer);
          return 'ok';
        },
      ),
    );
}

function addExtend(noun: Command, act: Act): void {
  addVerb(noun, 'extend <operation>', {
    summary: 'Give the consumers of a rotation more time',
    examples: [
      `keyturn rotation extend ${ID} --until 2026-12-01T09:00:00Z`,
      `keyturn rotation extend ${ID} --until 2026-12-01T09:00:00Z --reason "release on Tuesday"`,
    ],
  })
    .requiredOption('--until <instant>', 'RFC 3339 instant')
    .option('--reason <text>', 'why, for the audit record')
    .action(
      act(async (context: Context, id: string, options: { until: string; reason?: string }) => {
        const until = parseInstant(options.until, context.host.now());
        await announceChange(context, `let rotation ${id} wait until ${until}`);
        const body = { until, ...(options.reason === undefined ? {} : { reason: options.reason }) };
        const { signal } = context;
        const answer = await context.client().extendRotation(id, body, { signal });
        printAnswer(context, answer, viewRotation);
        return 'ok';
      }),
    );
}

function addForce(noun: Command, act: Act): void {
  const verb = addVerb(noun, 'force <operation>', {
    summary: 'Ask to switch without those that lag; needs approvals (exit code 8)',
    examples: [
      `keyturn rotation force ${ID} --reason "billing was switched off"`,
      `keyturn rotation force ${ID} --reason "billing was switched off" --wait`,
    ],
  }).requiredOption('--reason <text>', 'why, for those who decide and for the audit record');
  withIdempotencyKey(verb).action(
    act(async (context: Context, id: string, options: WorkOptions & { reason: string }) => {
      const { reason } = options;
      return startAct(context, options, {
        what: `ask for approvals to force rotation ${id}`,
        start: (started) => context.client().forceRotation(id, { reason }, started),
      });
    }),
  );
}

function addCancel(noun: Command, act: Act): void {
  addVerb(noun, 'cancel <operation>', {
    summary: 'Take back a rotation that waits for consumers; the old version stays in use',
    examples: [
      `keyturn rotation cancel ${ID} --reason "billing is switched off, to be removed first"`,
      `keyturn rotation cancel ${ID} --reason "release week" --output json`,
    ],
  })
    .requiredOption('--reason <text>', 'why, for the audit record')
    .action(
      act(async (context: Context, id: string, { reason }: { reason: string }) => {
        await announceChange(context, `cancel rotation ${id}`);
        const { signal } = context;
        const answer = await context.client().cancelRotation(id, { reason }, { signal });
        printAnswer(context, answer, viewOperation);
        return 'ok';
      }),
    );
}

function addRollback(noun: Command, act: Act): void {
  addVerb(noun, 'rollback <operation>', {
    summary: 'Switch back to the old version within the bake; nothing written meanwhile is lost',
    examples: [
      `keyturn rotation rollback ${ID} --reason "orders cannot be read"`,
      `keyturn rotation rollback ${ID} --reason "orders cannot be read" --wait`,
    ],
  })
    .requiredOption('--reason <text>', 'why, for the audit record')
    .action(
      act(async (context: Context, id: string, { reason }: { reason: string }) => {
        await announceChange(context, `switch rotation ${id} back`);
        const { signal } = context;
        const answer = await context.client().rollBackRotation(id, { reason }, { signal });
        if (context.settings.flags.wait) return watchOperation(context, id);
        printAnswer(context, answer, viewOperation);
        return 'ok';
      }),
    );
}

interface Counts {
  readonly consumer: string;
  readonly keyVersion: string;
  readonly calls: string;
  readonly errors: string;
}

function parseCount(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} "${text}" is not a number of calls`);
}

function addReport(noun: Command, act: Act): void {
  addVerb(noun, 'report <operation>', {
    summary: 'Report failed calls of a consumer within the bake, as the workload itself',
    examples: [
      `keyturn rotation report ${ID} --consumer billing --key-version 3 --calls 400 --errors 31`,
      `keyturn rotation report ${ID} --consumer billing --key-version 3 --calls 400 --errors 0 --output json`,
    ],
  })
    .requiredOption('--consumer <name>', 'the consumer')
    .requiredOption('--key-version <number>', 'the version that it used')
    .requiredOption('--calls <n>', 'calls since the last report')
    .requiredOption('--errors <n>', 'how many of them failed')
    .action(
      act(async (context: Context, id: string, options: Counts) => {
        const { consumer } = options;
        const version = parseVersion(options.keyVersion);
        const body = {
          consumer,
          version,
          calls: parseCount('calls', options.calls),
          errors: parseCount('errors', options.errors),
        };
        await announceChange(context, `report ${body.errors} failed calls of consumer ${consumer}`);
        const { signal } = context;
        const answer = await context.client().reportRotation(id, body, { signal });
        printAnswer(context, answer, ({ goesBack }) =>
          goesBack ? 'counted; the rotation goes back' : 'counted; the rotation goes on',
        );
        return 'ok';
      }),
    );
}

/** Adds `rotation` and its verbs. */
export function addRotationCommands(program: Command, act: Act): void {
  const noun = addNoun(program, 'rotation', {
    summary:
      'Rotations that wait for consumers: status, ack, report, extend, cancel, rollback, force',
    examples: [
      `keyturn rotation status ${ID}`,
      `keyturn rotation extend ${ID} --until 2026-12-01T09:00:00Z`,
    ],
  });
  addStatus(noun, act);
  addAck(noun, act);
  addExtend(noun, act);
  addForce(noun, act);
  addCancel(noun, act);
  addRollback(noun, act);
  addReport(noun, act);
}
