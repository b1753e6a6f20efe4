// SPDX-License-Identifier: Apache-2.0
// `keyturn containment …`: stop all keys of an owner, class, environment, application or host at once, and see how far that is.
import { type Command, Option } from 'commander';
import {
  CONTAINMENT_KINDS,
  CONTAINMENT_MODES,
  type ContainmentKind,
  type ContainmentMode,
  SCOPE_KINDS,
} from '#core/contract/vocabulary.ts';
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

type Row = ResponseOf<'getContainment'>;
type Plan = ResponseOf<'planContainment'>;
const ID = 'scp_0a1b2c3d4e5f60718293a4b5c6';

interface ScopeOptions {
  readonly owner?: string;
  readonly class?: string;
  readonly environment?: string;
  readonly application?: string;
  readonly host?: string;
  readonly kind: ContainmentKind;
  readonly mode?: ContainmentMode;
}
interface StartOptions extends ScopeOptions, WorkOptions {
  readonly reason: string;
  readonly occurredAt?: string;
  readonly emergency?: true;
}

/** @throws UsageError unless exactly one scope is named */
function scopeOf(options: ScopeOptions): Row['scope'] {
  const named = SCOPE_KINDS.flatMap((kind) => {
    const value = options[kind];
    return value === undefined ? [] : [{ kind, value }];
  });
  const [scope] = named;
  if (scope && named.length === 1) return scope;
  throw new UsageError(
    'name one scope: --owner, --class, --environment, --application or --host',
    'such as: --owner olga',
  );
}

const askedOf = (options: ScopeOptions) => ({
  scope: scopeOf(options),
  kind: options.kind,
  ...(options.mode ? { mode: options.mode } : {}),
});

const inWords = ({ kind, value }: Row['scope']) => `${kind} ${value}`;

function viewPlan(plan: Plan, width: number | undefined): string {
  return renderFields(
    [
      ['keys', plan.isPartial ? `${plan.keys}, and more` : String(plan.keys)],
      ['contained already', String(plan.already)],
      ['never contained', plan.protectedKeys.join(', ') || null],
      ['order', plan.order.map((one) => `${one.class} (${one.keys})`).join(', ') || null],
      ['KMS takes at least', `${plan.floorSeconds} s; denied here at once`],
      ['who decides', plan.quorumBecause === null ? 'you' : `a quorum: ${plan.quorumBecause}`],
    ],
    width,
  );
}

const STATES: Readonly<Record<Row['state'], string>> = {
  running: 'running: denied as a whole',
  done: 'done',
  lifting: 'lifting: its keys may be used again one after the other',
  lifted: 'lifted',
};

function viewLift(lift: Row['lift']): [string, string | null][] {
  if (lift === null) return [];
  return [
    ['lifted', `${lift.lifted} keys, in pass ${lift.pass}`],
    [
      'lifting failed',
      lift.failures.map(({ key, cause }) => `${key}: ${cause}`).join(', ') || null,
    ],
    ['lifted by', `${lift.by} at ${lift.at}`],
    ['all lifted at', lift.endedAt],
  ];
}

function viewContainment(row: Row, width: number | undefined): string {
  const { counts } = row;
  return renderFields(
    [
      ['id', row.id],
      ['scope', inWords(row.scope)],
      ['kind', row.kind],
      ['state', STATES[row.state]],
      ['found', String(counts.found)],
      ['contained', String(counts.contained)],
      ['contained before', String(counts.already)],
      ['not touched', String(counts.refused)],
      ['failed', String(counts.failed)],
      ['failures', row.failures.map(({ key, cause }) => `${key}: ${cause}`).join(', ') || null],
      ['pass', String(row.pass)],
      ['KMS takes at least', `${row.floorSeconds} s`],
      ['why', row.reason],
      ['by', row.requestedBy],
      ['review', row.isEmergency ? (row.isReviewOpen ? 'open' : 'closed') : null],
      ['started at', row.startedAt],
      ['ended at', row.endedAt],
      ...viewLift(row.lift),
    ],
    width,
  );
}

function viewContainments(rows: readonly Row[], width: number | undefined): string {
  const titles = ['id', 'scope', 'kind', 'contained', 'found', 'failed', 'started at'];
  return renderTable(
    titles,
    rows.map((one) => [
      one.id,
      inWords(one.scope),
      one.kind,
      String(one.counts.contained),
      String(one.counts.found),
      String(one.counts.failed),
      one.startedAt,
    ]),
    width,
  );
}

function withScope(verb: Command): Command {
  return verb
    .option('--owner <name>', 'all keys of this owner')
    .option('--class <name>', 'all keys of this class')
    .option('--environment <name>', 'all keys of this environment')
    .option('--application <name>', 'all keys that this application uses')
    .option('--host <name>', 'all keys that are used on this host')
    .addOption(
      new Option('--kind <kind>', 'revocation: for good; suspension: until it is lifted')
        .choices(CONTAINMENT_KINDS)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--mode <mode>',
        'hard: disabled in KMS; locked: denied by policy (default: as the class of each key says)',
      ).choices(CONTAINMENT_MODES),
    );
}

function addPlan(noun: Command, act: Act): void {
  withScope(
    addVerb(noun, 'plan', {
      summary: 'Say how many keys, in which order, how long at least, and who decides',
      examples: [
        'keyturn containment plan --owner olga --kind revocation',
        'keyturn containment plan --host web-1.example.com --kind suspension --output json',
      ],
    }),
  ).action(
    act(async (context: Context, options: ScopeOptions) => {
      const { signal } = context;
      printAnswer(
        context,
        await context.client().planContainment(askedOf(options), { signal }),
        viewPlan,
      );
      return 'ok';
    }),
  );
}

async function start(context: Context, options: StartOptions) {
  const asked = askedOf(options);
  const { reason, occurredAt, emergency } = options;
  const body = {
    ...{ ...asked, reason },
    ...(occurredAt ? { occurredAt } : {}),
    ...(emergency ? { emergency } : {}),
  };
  const verb = asked.kind === 'revocation' ? 'revoke for good' : 'suspend';
  await announceChange(context, `${verb} all keys of ${inWords(asked.scope)}`);
  const answer = await sendStart(context, options, (started) =>
    context.client().containScope(body, started),
  );
  const { approvalId, containmentId, digest, reviewId } = answer.body;
  printAnswer(context, answer, () => containmentId ?? approvalId ?? '');
  if (approvalId !== null) {
    const resume = resumeApproval(context, approvalId);
    context.report.notice(
      `waits for approvals, digest ${digest?.slice(0, 12)}\n  next: ${resume}`,
      { notice: 'waits for approvals', approvalId, digest, resume },
    );
    return 'pending' as const;
  }
  const resume = `keyturn containment status ${containmentId}`;
  context.report.notice(`denied here; KMS follows\n  next: ${resume}`, {
    notice: 'denied',
    containmentId,
    resume,
  });
  if (reviewId !== null)
    context.report.notice(`a quorum reviews it\n  next: keyturn approval show ${reviewId}`, {
      notice: 'review',
      reviewId,
    });
  return 'ok' as const;
}

function addStart(noun: Command, act: Act): void {
  withIdempotencyKey(
    withScope(
      addVerb(noun, 'start', {
        summary:
          'Stop all keys of a scope; denied before this returns (exit code 8: a quorum decides)',
        examples: [
          'keyturn containment start --owner olga --kind revocation --reason "the laptop was stolen"',
          'keyturn containment start --class test --kind suspension --reason "drill" --output json',
        ],
      }),
    ),
  )
    .requiredOption('--reason <text>', 'why: everybody concerned is told')
    .option('--occurred-at <instant>', 'when the compromise happened, RFC 3339 UTC')
    .option(
      '--emergency',
      'suspend alone where a quorum should decide, once an hour; it is reviewed (break-glass)',
    )
    .action(act(start));
}

function addStatus(noun: Command, act: Act): void {
  addVerb(noun, 'status <id>', {
    summary: 'Show how far a containment is',
    examples: [
      `keyturn containment status ${ID}`,
      `keyturn containment status ${ID} --output json`,
    ],
  }).action(
    act(async (context: Context, id: string) => {
      const { signal } = context;
      printAnswer(context, await context.client().getContainment(id, { signal }), viewContainment);
      return 'ok';
    }),
  );
}

function addList(noun: Command, act: Act): void {
  addVerb(noun, 'list', {
    summary: 'List the containments of scopes that run',
    examples: ['keyturn containment list', 'keyturn containment list --output jsonl'],
  }).action(
    act(async (context: Context, flags: PageFlags) => {
      const read = (page: object) => context.client().listContainments(page);
      await printList(context, flags, read, viewContainments);
      return 'ok';
    }),
  );
}

/** Adds `containment` and its verbs. */
export function addContainmentCommands(program: Command, act: Act): void {
  const noun = addNoun(program, 'containment', {
    summary: 'Stop many keys at once: plan, start, status, list, lift',
    examples: [
      'keyturn containment plan --owner olga --kind revocation',
      'keyturn containment start --owner olga --kind revocation --reason "the laptop was stolen"',
    ],
  });
  addPlan(noun, act);
  addStart(noun, act);
  addStatus(noun, act);
  addList(noun, act);
  addLift(noun, act, {
    noun: 'containment',
    summary: 'Ask to let all keys that a suspended scope stopped be used again (exit code 8)',
    id: ID,
    reason: 'it was the new batch job',
    start: (context, id, body, started) => context.client().liftContainment(id, body, started),
  });
}
