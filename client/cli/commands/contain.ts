// SPDX-License-Identifier: Apache-2.0
// `keyturn key revoke|suspend|resume`: stop a key now, for good or for a time, and ask for its suspension to be lifted.
import { type Command, Option } from 'commander';
import { CONTAINMENT_MODES, type ContainmentMode } from '#core/contract/vocabulary.ts';
import type { Answer, ResponseOf } from '../../sdk/index.ts';
import { type Act, addVerb, withIdempotencyKey } from '../command-tree.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../failures.ts';
import { startAct } from '../start-act.ts';
import type { WorkOptions } from '../start-operation.ts';

interface StopOptions extends WorkOptions {
  readonly reason: string;
  readonly mode?: ContainmentMode;
  readonly emergency?: boolean;
}
interface RevokeOptions extends StopOptions {
  readonly keyVersion?: string;
  readonly occurredAt?: string;
  readonly successor?: boolean;
}

const common = ({ reason, mode, emergency }: StopOptions) => ({
  reason,
  ...(mode ? { mode } : {}),
  ...(emergency ? { emergency } : {}),
});

function versionOf(text: string | undefined) {
  if (text === undefined) return {};
  if (/^[1-9]\d{0,7}$/.test(text)) return { version: Number(text) };
  throw new UsageError(`"${text}" is no version`, 'such as: --key-version 3');
}

/** Says what holds now, which the id of the operation does not. */
function tell<T extends ResponseOf<'revokeKey'>>(context: Context, answer: Answer<T>): Answer<T> {
  const { state, kms, reviewId } = answer.body;
  if (state === null) return answer;
  const at =
    kms === 'accepted' ? 'KMS took the block' : 'KMS did not take the block yet: it is asked on';
  context.report.notice(`${state}: denied here; ${at}`, { notice: 'denied', state, kms });
  if (reviewId !== null)
    context.report.notice(`a quorum reviews it\n  next: keyturn approval show ${reviewId}`, {
      notice: 'review',
      reviewId,
    });
  return answer;
}

function revoke(context: Context, name: string, options: RevokeOptions) {
  const { keyVersion, occurredAt, successor } = options;
  const body = {
    ...common(options),
    ...versionOf(keyVersion),
    ...(occurredAt ? { occurredAt } : {}),
    ...(successor ? { successor } : {}),
  };
  return startAct(context, options, {
    what: keyVersion
      ? `revoke version ${keyVersion} of key ${name} for good`
      : `revoke key ${name} for good`,
    start: async (started) => tell(context, await context.client().revokeKey(name, body, started)),
  });
}

function suspend(context: Context, name: string, options: StopOptions) {
  return startAct(context, options, {
    what: `suspend key ${name}`,
    start: async (started) =>
      tell(context, await context.client().suspendKey(name, common(options), started)),
  });
}

function resume(
  context: Context,
  name: string,
  options: WorkOptions & { readonly reason?: string },
) {
  const body = options.reason === undefined ? {} : { reason: options.reason };
  return startAct(context, options, {
    what: `ask for the suspension of key ${name} to be lifted`,
    start: (started) => context.client().resumeKey(name, body, started),
  });
}

function withStopOptions(verb: Command): Command {
  return withIdempotencyKey(verb)
    .requiredOption('--reason <text>', 'why: everybody concerned is told')
    .addOption(
      new Option(
        '--mode <mode>',
        'hard: disabled in KMS; locked: denied by policy (default: by class)',
      ).choices(CONTAINMENT_MODES),
    )
    .option('--emergency', 'act alone where a quorum should decide; it is reviewed (break-glass)');
}

/** Adds the verbs to `key`. */
export function addContainment(key: Command, act: Act): void {
  withStopOptions(
    addVerb(key, 'revoke <name>', {
      summary: 'Stop a key or one version for good; denied before this returns',
      examples: [
        'keyturn key revoke orders --reason "seen in a public log" --mode locked --wait',
        'keyturn key revoke orders --key-version 3 --successor --mode locked --reason "insider"',
      ],
    }),
  )
    .option('--key-version <number>', 'only this version')
    .option('--successor', 'the version is the current one: the key goes on with a new version')
    .option('--occurred-at <instant>', 'when the compromise happened, RFC 3339 UTC')
    .action(act(revoke));
  withStopOptions(
    addVerb(key, 'suspend <name>', {
      summary: 'Stop a key until the suspension is lifted; denied before this returns',
      examples: [
        'keyturn key suspend orders --reason "unknown role decrypts" --wait',
        'keyturn key suspend orders --reason "investigation" --emergency',
      ],
    }),
  ).action(act(suspend));
  withIdempotencyKey(
    addVerb(key, 'resume <name>', {
      summary: 'Ask for a suspension to be lifted; people decide (exit code 8)',
      examples: [
        'keyturn key resume orders --reason "the role is known now"',
        'keyturn key resume orders --wait',
      ],
    }).option('--reason <text>', 'why, for those who decide'),
  ).action(act(resume));
}
