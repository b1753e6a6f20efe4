// SPDX-License-Identifier: Apache-2.0
// `keyturn approval …`: what waits for people, and their decisions.
import type { Command } from 'commander';
import { announceChange } from '../announce.ts';
import { viewApproval, viewApprovals } from '../approval-views.ts';
import { type Act, addNoun, addVerb } from '../command-tree.ts';
import { type Context, print, printAnswer } from '../context.ts';
import { UsageError } from '../failures.ts';
import { type PageFlags, printList } from '../list.ts';
import { showable } from '../report.ts';
import { type SignFlags, signatureOf } from '../sign-vote.ts';
import { readSignerFiles, type SignerFiles, verifyApprovalFile } from '../verify-approval.ts';
import { watchApproval } from '../watch-approval.ts';

const ID = 'apr_01JD2Q4Y8Z5V7K3M9N6P0R1S2T';

const collect = (value: string, all: readonly string[] = []) => [...all, value];

interface ListFlags extends PageFlags {
  readonly ended?: boolean;
}

interface VoteFlags extends SignFlags {
  readonly digest?: string;
  readonly reason?: string;
}

function addList(noun: Command, act: Act): void {
  addVerb(noun, 'list', {
    summary: 'What waits for approvals, and what was decided',
    examples: ['keyturn approval list', 'keyturn approval list --ended --output jsonl'],
  })
    .option('--ended', 'what was decided, executed or ran out')
    .option('--limit <n>', 'items of one page')
    .option('--cursor <cursor>', 'nextCursor of the page before')
    .action(
      act(async (context: Context, flags: ListFlags) => {
        const state = flags.ended ? ('ended' as const) : ('open' as const);
        const read = (page: object) => context.client().listApprovals({ ...page, state });
        await printList(context, flags, read, viewApprovals);
        return 'ok';
      }),
    );
}

function addShow(noun: Command, act: Act): void {
  addVerb(noun, 'show <id>', {
    summary: 'What, who, why, what it touches, until when, votes and digest',
    examples: [`keyturn approval show ${ID}`, `keyturn approval show ${ID} --output json`],
  }).action(
    act(async (context: Context, id: string) => {
      const answer = await context.client().getApproval(id, { signal: context.signal });
      printAnswer(context, answer, viewApproval);
      return 'ok';
    }),
  );
}

/** The digest to vote on: the one that was given must be what is there; without one, what is there is shown first. */
async function seenDigest(context: Context, id: string, given: string | undefined) {
  if (given !== undefined && !/^[0-9a-f]{12,64}$/.test(given))
    throw new UsageError('--digest must be 12 to 64 lower-case hexadecimal digits');
  const { body } = await context.client().getApproval(id, { signal: context.signal });
  if (given !== undefined && !body.digest.startsWith(given))
    throw new UsageError(
      `the request has digest ${body.digest}, not the one that you compared`,
      `keyturn approval show ${id}`,
    );
  return body;
}

function addDecision(noun: Command, act: Act, decision: 'approve' | 'deny'): void {
  const verb = decision === 'approve' ? 'approve' : 'deny';
  const summary =
    decision === 'approve'
      ? 'Approve a request, by the digest that you compared'
      : 'Deny a request: one denial ends it';
  addVerb(noun, `${verb} <id>`, {
    summary,
    examples: [
      `keyturn approval ${verb} ${ID} --digest 3b0c6f1d9a52 --user bob`,
      `keyturn approval ${verb} ${ID} --reason "checked with billing" --user bob`,
    ],
  })
    .option('--digest <hex>', 'what you compared, its first 12 digits at least')
    .option('--reason <text>', 'why, for the others and for the audit record')
    .option('--sign', 'sign the vote with your own Ed25519 key')
    .option(
      '--key <file>',
      'your key as OpenSSH keeps it (default KEYTURN_VOTE_KEY, or the local one)',
    )
    .action(
      act(async (context: Context, id: string, flags: VoteFlags) => {
        const seen = await seenDigest(context, id, flags.digest);
        await announceChange(
          context,
          `${verb} "${seen.what}" (digest ${seen.digest.slice(0, 12)})`,
        );
        const signature = signatureOf(context, seen, decision, flags);
        const body = {
          decision,
          digest: seen.digest,
          channel: 'cli' as const,
          ...(flags.reason === undefined ? {} : { reason: flags.reason }),
          ...(signature === null ? {} : { signature }),
        };
        const { signal } = context;
        const answer = await context.client().castVote(id, body, { signal });
        printAnswer(context, answer, viewApproval);
        return 'ok';
      }),
    );
}

function addCancel(noun: Command, act: Act): void {
  addVerb(noun, 'cancel <id>', {
    summary: 'Take back a request that you made',
    examples: [`keyturn approval cancel ${ID}`, `keyturn approval cancel ${ID} --output json`],
  }).action(
    act(async (context: Context, id: string) => {
      await announceChange(context, `take back request ${id}`);
      const answer = await context.client().cancelApproval(id, { signal: context.signal });
      printAnswer(context, answer, viewApproval);
      return 'ok';
    }),
  );
}

function addWatch(noun: Command, act: Act): void {
  addVerb(noun, 'watch <id>', {
    summary: 'Follow a request to its decision, and what it started to its end',
    examples: [`keyturn approval watch ${ID}`, `keyturn approval watch ${ID} --output jsonl`],
  }).action(act((context: Context, id: string) => watchApproval(context, id)));
}

function addVerify(noun: Command, act: Act): void {
  addVerb(noun, 'verify <file>', {
    summary: 'Verify an exported approval offline: digest, voters, quorum and each signature',
    examples: [
      'keyturn approval verify approval.json --signers allowed_signers',
      'keyturn approval verify approval.json --passkeys passkeys.json --origin https://keyturn.example.com --output json',
    ],
  })
    .option(
      '--signers <file>',
      'public SSH keys of voters, as ssh-keygen takes them (allowed_signers)',
    )
    .option('--passkeys <file>', 'passkeys of voters, as "signer list --output json" prints them')
    .option(
      '--origin <url>',
      'page on which passkeys may have been used; again for another',
      collect,
    )
    .action(
      act(async (context: Context, file: string, files: SignerFiles) => {
        const verdict = verifyApprovalFile(file, readSignerFiles(files));
        const { id, approvedBy, required, findings } = verdict;
        const { output } = context.settings.flags;
        if (output !== 'table') print(context, JSON.stringify(verdict));
        else if (findings.length === 0)
          print(
            context,
            `✓ ${id}: ${approvedBy.map(showable).join(', ')} approved, ${required} were needed`,
          );
        else for (const finding of findings) print(context, `✗ ${id}: ${showable(finding)}`);
        return findings.length === 0 ? 'ok' : 'integrity';
      }),
    );
}

/** Adds `approval` and its verbs. */
export function addApprovalCommands(program: Command, act: Act): void {
  const noun = addNoun(program, 'approval', {
    summary: 'Requests that people decide on: list, show, approve, deny, cancel, watch, verify',
    examples: ['keyturn approval list', `keyturn approval approve ${ID} --user bob`],
  });
  addList(noun, act);
  addShow(noun, act);
  addDecision(noun, act, 'approve');
  addDecision(noun, act, 'deny');
  addCancel(noun, act);
  addWatch(noun, act);
  addVerify(noun, act);
}
