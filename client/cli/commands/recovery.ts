// SPDX-License-Identifier: Apache-2.0
// `keyturn recovery …`: the key store of a stage is connected again, or made anew of a backup. Asking waits for others
// (exit code 8); an HSM administrator has a task to do meanwhile.
import { type Command, Option } from 'commander';
import { RECOVERY_KINDS, type RecoveryKind } from '#core/contract/recoveries.ts';
import type { Answer, RequestOf, ResponseOf } from '../../sdk/index.ts';
import { announceChange } from '../announce.ts';
import { type Act, addNoun, addVerb, withIdempotencyKey } from '../command-tree.ts';
import { type Context, printAnswer } from '../context.ts';
import type { Outcome } from '../exit-codes.ts';
import { type PageFlags, printList } from '../list.ts';
import { viewRecoveries, viewRecovery } from '../recovery-views.ts';
import { startAct } from '../start-act.ts';
import { startOperation, type WorkOptions } from '../start-operation.ts';
import { commandLine } from '../watch-operation.ts';
import { watchRecovery } from '../watch-recovery.ts';

const ID = 'op_01JD2Q4Y8Z5V7K3M9N6P0R1S2T';

interface StartFlags extends WorkOptions {
  readonly reason: string;
  readonly backup?: string;
  readonly emergency?: boolean;
}

type Body = RequestOf<'startRecovery'>;

/** Says who has to look at what was done alone. */
function tellReview(context: Context, { body }: Answer<ResponseOf<'startRecovery'>>): void {
  const { reviewId } = body;
  const next = reviewId === null ? '' : `\n  next: keyturn approval show ${reviewId}`;
  context.report.notice(`a quorum reviews it${next}`, { notice: 'review', reviewId });
}

/** Begins at once: nobody else is waited for. */
function disconnectAlone(context: Context, flags: StartFlags, body: Body): Promise<Outcome> {
  return startOperation(context, flags, {
    what: 'disconnect the key store alone: no key of it is used until it is reconnected',
    start: async (started) => {
      const answer = await context.client().startRecovery(body, started);
      tellReview(context, answer);
      return { ...answer, body: { ...answer.body, operationId: answer.body.operationId ?? '' } };
    },
    watch: (id) => watchRecovery(context, id),
    resume: (id) => commandLine(context, ['recovery', 'status', id]),
  });
}

function addStart(noun: Command, act: Act): void {
  const verb = addVerb(noun, 'start <kind>', {
    summary: `Ask for approvals to recover the key store: ${RECOVERY_KINDS.join(', ')} (exit code 8)`,
    examples: [
      'keyturn recovery start key-store.reconnect --reason "the connection FAILED" --output json',
      'keyturn recovery start key-store.disconnect --emergency --reason "hostile hands" --wait',
    ],
  })
    .requiredOption('--reason <text>', 'why, for those who decide and for the audit record')
    .addOption(new Option('--backup <id>', 'of key-store.restore: this backup, not the newest'))
    .option(
      '--emergency',
      'of key-store.disconnect: act at once and alone; a quorum reviews it (break-glass)',
    );
  withIdempotencyKey(verb).action(
    act((context: Context, kind: string, flags: StartFlags) => {
      const { reason, backup: backupId, emergency } = flags;
      const body = {
        // The API says which kinds there are, and what goes with which.
        kind: kind as RecoveryKind,
        reason,
        ...(backupId ? { backupId } : {}),
        ...(emergency ? { emergency } : {}),
      };
      if (emergency) return disconnectAlone(context, flags, body);
      return startAct(context, flags, {
        what: `ask for a recovery: ${kind}`,
        start: (started) => context.client().startRecovery(body, started),
      });
    }),
  );
}

function addStatus(noun: Command, act: Act): void {
  addVerb(noun, 'status <id>', {
    summary:
      'Show a recovery: phases, times and every version that does not open; --wait follows it',
    examples: [
      `keyturn recovery status ${ID} --wait`,
      `keyturn recovery status ${ID} --output json`,
    ],
  }).action(
    act(async (context: Context, id: string): Promise<Outcome> => {
      if (context.settings.flags.wait) return watchRecovery(context, id);
      const answer = await context.client().getRecovery(id, { signal: context.signal });
      printAnswer(context, answer, viewRecovery);
      return answer.body.state === 'parked' ? 'failed' : 'ok';
    }),
  );
}

function addList(noun: Command, act: Act): void {
  addVerb(noun, 'list', {
    summary: 'List recoveries, the newest first',
    examples: ['keyturn recovery list', 'keyturn recovery list --output jsonl'],
  }).action(
    act(async (context: Context, flags: PageFlags) => {
      const read = (page: object) => context.client().listRecoveries(page);
      await printList(context, flags, read, viewRecoveries);
      return 'ok';
    }),
  );
}

function addResume(noun: Command, act: Act): void {
  addVerb(noun, 'resume <id>', {
    summary: 'Take a recovery up again that stopped, or whose execution is gone',
    examples: [`keyturn recovery resume ${ID}`, `keyturn recovery resume ${ID} --wait`],
  }).action(
    act(async (context: Context, id: string): Promise<Outcome> => {
      await announceChange(context, `resume recovery ${id}`);
      const answer = await context.client().resumeRecovery(id, { signal: context.signal });
      if (context.settings.flags.wait) return watchRecovery(context, id);
      printAnswer(context, answer, viewRecovery);
      return 'ok';
    }),
  );
}

/** Adds `recovery` and its verbs. */
export function addRecoveryCommands(program: Command, act: Act): void {
  const noun = addNoun(program, 'recovery', {
    summary: 'Recovery of the key store: start, status, list, resume',
    examples: [
      'keyturn recovery start key-store.restore --reason "the cluster was emptied"',
      `keyturn recovery status ${ID} --wait`,
    ],
  });
  addStart(noun, act);
  addStatus(noun, act);
  addList(noun, act);
  addResume(noun, act);
}
