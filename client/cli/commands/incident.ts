// SPDX-License-Identifier: Apache-2.0
// `keyturn incident …`: what happened, what is done about it, and what is left to do, up to the report of it.
import { type Command, Option } from 'commander';
import {
  INCIDENT_PHASES,
  INCIDENT_TYPES,
  type IncidentPhase,
  type IncidentType,
} from '#core/contract/incidents.ts';
import type { Answer, ResponseOf } from '../../sdk/index.ts';
import { announceChange } from '../announce.ts';
import { type Act, addNoun, addVerb, withIdempotencyKey } from '../command-tree.ts';
import { type Context, print, printAnswer } from '../context.ts';
import { incidentReport } from '../incident-report.ts';
import { viewIncident, viewIncidents } from '../incident-views.ts';
import { type PageFlags, printList } from '../list.ts';
import { sendStart, type WorkOptions } from '../start-operation.ts';

const ID = 'inc_0123456789abcdef0123456789';
const phaseOption = (what: string) => new Option('--phase <phase>', what).choices(INCIDENT_PHASES);
const collect = (value: string, all: readonly string[] = []) => [...all, value];

type Incident = ResponseOf<'getIncident'>;

/** Says what changes, sends it once, shows the incident as it is then. */
async function change(
  context: Context,
  options: WorkOptions,
  what: string,
  send: (started: { idempotencyKey: string; signal: AbortSignal }) => Promise<Answer<Incident>>,
) {
  await announceChange(context, what);
  printAnswer(context, await sendStart(context, options, send), viewIncident);
  return 'ok' as const;
}

interface OpenOptions extends WorkOptions {
  readonly title: string;
  readonly key?: readonly string[];
  readonly occurredAt?: string;
}

function addOpen(noun: Command, act: Act): void {
  withIdempotencyKey(
    addVerb(noun, 'open <type>', {
      summary: `Open an incident with the tasks of its playbook: ${INCIDENT_TYPES.join(', ')}`,
      examples: [
        'keyturn incident open leaked-credential --title "token in a log" --key orders',
        'keyturn incident open insider --title "case 4711" --key orders --key invoices',
      ],
    }),
  )
    .requiredOption('--title <text>', 'what happened, in a line')
    .option('--key <name>', 'a key that is concerned; again for another', collect)
    .option('--occurred-at <instant>', 'when it happened, RFC 3339 UTC')
    .action(
      act((context: Context, type: string, options: OpenOptions) => {
        const { title, key: keys = [], occurredAt } = options;
        // The API says which types there are.
        const body = {
          type: type as IncidentType,
          title,
          keys: [...keys],
          ...(occurredAt ? { occurredAt } : {}),
        };
        return change(context, options, `open an incident: ${type}`, (started) =>
          context.client().openIncident(body, started),
        );
      }),
    );
}

interface NoteOptions extends WorkOptions {
  readonly phase?: IncidentPhase;
  readonly key?: readonly string[];
}

function addNote(noun: Command, act: Act): void {
  withIdempotencyKey(
    addVerb(noun, 'note <id> <text>', {
      summary: 'Note what was found or done; keys join the incident',
      examples: [
        `keyturn incident note ${ID} "the address is a host of ours" --phase identify`,
        `keyturn incident note ${ID} "it could read invoices too" --key invoices`,
      ],
    }),
  )
    .addOption(phaseOption('phase that it belongs to (default: identify)'))
    .option('--key <name>', 'a key that is concerned too; again for another', collect)
    .action(
      act((context: Context, id: string, text: string, options: NoteOptions) => {
        const { phase = 'identify', key: keys = [] } = options;
        const body = { text, phase, keys: [...keys] };
        return change(context, options, `note on incident ${id}`, (started) =>
          context.client().addIncidentNote(id, body, started),
        );
      }),
    );
}

interface TaskOptions extends WorkOptions {
  readonly phase: IncidentPhase;
  readonly owner?: string;
}

function addTask(noun: Command, act: Act): void {
  withIdempotencyKey(
    addVerb(noun, 'task <id> <text>', {
      summary: 'Add a task',
      examples: [
        `keyturn incident task ${ID} "ask the owner of the host" --phase identify`,
        `keyturn incident task ${ID} "scan the logs" --phase root-cause --owner olga`,
      ],
    }),
  )
    .addOption(phaseOption('phase that it belongs to').makeOptionMandatory())
    .option('--owner <name>', 'who does it')
    .action(
      act((context: Context, id: string, text: string, options: TaskOptions) => {
        const { phase, owner } = options;
        const body = { text, phase, ...(owner ? { owner } : {}) };
        return change(context, options, `add a task to incident ${id}`, (started) =>
          context.client().addIncidentTask(id, body, started),
        );
      }),
    );
}

function addEnd(noun: Command, act: Act, verb: 'done' | 'drop', summary: string): void {
  addVerb(noun, `${verb} <id> <task>`, {
    summary,
    examples: [
      `keyturn incident ${verb} ${ID} t1 --note "see the ticket"`,
      `keyturn incident ${verb} ${ID} t2 --note "none is concerned" --output json`,
    ],
  })
    .requiredOption('--note <text>', 'what came of it, or why it is not needed')
    .action(
      act((context: Context, id: string, task: string, { note }: { readonly note: string }) => {
        const state = verb === 'done' ? ('done' as const) : ('dropped' as const);
        return change(context, {}, `task ${task} of incident ${id}: ${state}`, ({ signal }) =>
          context.client().updateIncidentTask({ id, task }, { state, note }, { signal }),
        );
      }),
    );
}

interface CloseOptions {
  readonly rootCause: string;
  readonly followUp: readonly string[];
}

function addClose(noun: Command, act: Act): void {
  addVerb(noun, 'close <id>', {
    summary: 'Close an incident; no task may be open',
    examples: [
      `keyturn incident close ${ID} --root-cause "token in a log" --follow-up "logs are scanned"`,
      `keyturn incident close ${ID} --root-cause "drill" --follow-up "nothing: it was a drill"`,
    ],
  })
    .requiredOption('--root-cause <text>', 'what it came from')
    .requiredOption('--follow-up <text>', 'what is changed; again for another', collect)
    .action(
      act((context: Context, id: string, { rootCause, followUp }: CloseOptions) =>
        change(context, {}, `close incident ${id}`, ({ signal }) =>
          context.client().closeIncident(id, { rootCause, followUps: [...followUp] }, { signal }),
        ),
      ),
    );
}

function addReads(noun: Command, act: Act): void {
  addVerb(noun, 'list', {
    summary: 'List incidents, the newest first',
    examples: ['keyturn incident list', 'keyturn incident list --output jsonl'],
  }).action(
    act(async (context: Context, flags: PageFlags) => {
      const read = (page: object) => context.client().listIncidents(page);
      await printList(context, flags, read, viewIncidents);
      return 'ok';
    }),
  );
  addVerb(noun, 'show <id>', {
    summary: 'Show an incident: tasks, timeline, the keys as they are now',
    examples: [`keyturn incident show ${ID}`, `keyturn incident show ${ID} --output json`],
  }).action(
    act(async (context: Context, id: string) => {
      const answer = await context.client().getIncident(id, { signal: context.signal });
      printAnswer(context, answer, viewIncident);
      return 'ok';
    }),
  );
  addVerb(noun, 'report <id>', {
    summary: 'Write the report of an incident as a page of HTML; "show --output json" for programs',
    examples: [
      `keyturn incident report ${ID} > incident.html`,
      `keyturn incident report ${ID} | less`,
    ],
  }).action(
    act(async (context: Context, id: string) => {
      const { body } = await context.client().getIncident(id, { signal: context.signal });
      print(context, incidentReport(body));
      return 'ok';
    }),
  );
}

/** Adds `incident` and its verbs. */
export function addIncidentCommands(program: Command, act: Act): void {
  const noun = addNoun(program, 'incident', {
    summary: 'Incidents: open, note, task, done, drop, show, list, report, close',
    examples: [
      'keyturn incident open leaked-credential --title "token in a log" --key orders',
      `keyturn incident show ${ID}`,
    ],
  });
  addOpen(noun, act);
  addNote(noun, act);
  addTask(noun, act);
  addEnd(noun, act, 'done', 'Say that a task is done');
  addEnd(noun, act, 'drop', 'Say that a task is not needed, and why');
  addReads(noun, act);
  addClose(noun, act);
}
