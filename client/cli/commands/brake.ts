// SPDX-License-Identifier: Apache-2.0
// `keyturn brake …`: deny the roles of consumers every use of managed keys at KMS, see on which of them that holds, and ask to
// lift it.
import type { Command } from 'commander';
import { BRAKE_SCOPE_KINDS, type BrakeScopeKind } from '#core/contract/vocabulary.ts';
import type { ResponseOf } from '../../sdk/index.ts';
import { announceChange } from '../announce.ts';
import { type Act, addNoun, addVerb, withIdempotencyKey } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import { UsageError } from '../failures.ts';
import { type PageFlags, printList } from '../list.ts';
import { addLift } from '../start-act.ts';
import { sendStart, type WorkOptions } from '../start-operation.ts';
import { renderFields, renderTable } from '../table.ts';
import { resumeApproval } from '../watch-approval.ts';

type Brake = ResponseOf<'getBrake'>;
type Summary = ResponseOf<'listBrakes'>['items'][number];
const ID = 'brk_0a1b2c3d4e5f60718293a4b5c6';

interface ApplyOptions
  extends WorkOptions,
    Partial<Readonly<Record<Exclude<BrakeScopeKind, 'all'>, string>>> {
  readonly all?: true;
  readonly reason: string;
  readonly emergency?: true;
}

/** @throws UsageError unless exactly one scope is named: nobody stops all consumers by leaving something out */
function scopeOf(options: ApplyOptions): Brake['scope'] {
  const named = BRAKE_SCOPE_KINDS.flatMap((kind): Brake['scope'][] => {
    if (kind === 'all') return options.all ? [{ kind, value: null }] : [];
    const value = options[kind];
    return value === undefined ? [] : [{ kind, value }];
  });
  const [scope] = named;
  if (scope && named.length === 1) return scope;
  throw new UsageError(
    'name one scope: --all, --owner, --class, --environment, --application, --host or --role',
    'such as: --application billing',
  );
}

const inWords = ({ kind, value }: Brake['scope']) =>
  value === null ? 'all consumers' : `${kind} ${value}`;

const STATES: Readonly<Record<Brake['state'], string>> = {
  applying: 'applying: not seen on every role yet',
  applied: 'applied: IAM shows it on every role',
  lifting: 'lifting: it is taken off',
  lifted: 'lifted',
};

const countsInWords = ({ counts }: Summary) =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ');

function viewBrake(brake: Brake, width: number | undefined): string {
  const { lift } = brake;
  const fields = renderFields(
    [
      ['id', brake.id],
      ['scope', inWords(brake.scope)],
      ['state', STATES[brake.state]],
      ['roles', countsInWords(brake) || null],
      ['more roles', brake.isFull ? 'than one brake takes: apply others beside it' : null],
      ['why', brake.reason],
      ['by', `${brake.requestedBy} at ${brake.startedAt}`],
      ['review', brake.isEmergency ? (brake.isReviewOpen ? 'open' : 'closed') : null],
      ['on every role', brake.confirmedAt && `since ${brake.confirmedAt}`],
      ['lifted by', lift && `${lift.by} at ${lift.at}`],
      ['all lifted at', lift?.endedAt ?? null],
    ],
    width,
  );
  if (brake.roles.length === 0) return fields;
  const rows = brake.roles.map(({ role, state, cause, at }) => [role, state, cause ?? '', at]);
  return `${fields}\n${renderTable(['role', 'state', 'why not', 'since'], rows, width)}`;
}

function viewBrakes(rows: readonly Summary[], width: number | undefined): string {
  return renderTable(
    ['id', 'scope', 'state', 'roles', 'started at'],
    rows.map((one) => [one.id, inWords(one.scope), one.state, countsInWords(one), one.startedAt]),
    width,
  );
}

async function apply(context: Context, options: ApplyOptions) {
  const scope = scopeOf(options);
  const { reason, emergency } = options;
  const body = { scope, reason, ...(emergency ? { emergency } : {}) };
  await announceChange(context, `deny ${inWords(scope)} every use of managed keys at KMS`);
  const answer = await sendStart(context, options, (started) =>
    context.client().applyBrake(body, started),
  );
  const { approvalId, brakeId, digest, reviewId } = answer.body;
  printAnswer(context, answer, () => brakeId ?? approvalId ?? '');
  if (approvalId !== null) {
    const resume = resumeApproval(context, approvalId);
    context.report.notice(
      `waits for approvals, digest ${digest?.slice(0, 12)}\n  next: ${resume}`,
      { notice: 'waits for approvals', approvalId, digest, resume },
    );
    return 'pending' as const;
  }
  const resume = `keyturn brake show ${brakeId}`;
  context.report.notice(`is put on the roles; not denied before it is on them\n  next: ${resume}`, {
    ...{ notice: 'applying', brakeId, resume },
  });
  if (reviewId !== null)
    context.report.notice(`a quorum reviews it\n  next: keyturn approval show ${reviewId}`, {
      ...{ notice: 'review', reviewId },
    });
  return 'ok' as const;
}

function addApply(noun: Command, act: Act): void {
  withIdempotencyKey(
    addVerb(noun, 'apply', {
      summary: 'Deny the roles of a scope every use of managed keys at KMS (exit code 8)',
      examples: [
        'keyturn brake apply --application billing --reason "a library sends keys away"',
        'keyturn brake apply --all --reason "a library sends keys away" --emergency --output json',
      ],
    }),
  )
    .option('--all', 'the roles of all consumers of all keys')
    .option('--owner <name>', 'roles that use keys of this owner')
    .option('--class <name>', 'roles that use keys of this class')
    .option('--environment <name>', 'roles that use keys of this environment')
    .option('--application <name>', 'roles that use keys of this application')
    .option('--host <name>', 'roles that use keys of this host')
    .option('--role <arn>', 'this role alone')
    .requiredOption('--reason <text>', 'why: everybody concerned is told')
    .option('--emergency', 'alone where a quorum should decide, once an hour; it is reviewed')
    .action(act(apply));
}

function addShow(noun: Command, act: Act): void {
  addVerb(noun, 'show <id>', {
    summary: 'Show a brake, and of each role whether it is on it',
    examples: [`keyturn brake show ${ID}`, `keyturn brake show ${ID} --output json`],
  }).action(
    act(async (context: Context, id: string) => {
      const { signal } = context;
      printAnswer(context, await context.client().getBrake(id, { signal }), viewBrake);
      return 'ok';
    }),
  );
}

function addList(noun: Command, act: Act): void {
  addVerb(noun, 'list', {
    summary: 'List the brakes that hold, and those that were lifted last',
    examples: ['keyturn brake list', 'keyturn brake list --output jsonl'],
  }).action(
    act(async (context: Context, flags: PageFlags) => {
      await printList(context, flags, (page) => context.client().listBrakes(page), viewBrakes);
      return 'ok';
    }),
  );
}

/** Adds `brake` and its verbs. */
export function addBrakeCommands(program: Command, act: Act): void {
  const noun = addNoun(program, 'brake', {
    summary: 'Stop roles that call KMS themselves: apply, show, list, lift',
    examples: [
      'keyturn brake apply --all --reason "a library sends keys away" --emergency',
      'keyturn brake list',
    ],
  });
  addApply(noun, act);
  addShow(noun, act);
  addList(noun, act);
  addLift(noun, act, {
    noun: 'brake',
    summary: 'Ask to lift a brake from all its roles (exit code 8)',
    id: ID,
    reason: 'the library is replaced',
    start: (context, id, body, started) => context.client().liftBrake(id, body, started),
  });
}
