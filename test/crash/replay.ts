// SPDX-License-Identifier: Apache-2.0
// A history of the simulator on the running stack: the same acts by the API, the same kinds of fault on real processes,
// executions and the real key endpoint. When they come is as near as outside permits; what has to hold in the end is the same.
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, ProblemError, type RequestOf } from '#client/sdk/index.ts';
import { until } from '#scripts/local/waiting.ts';
import type { Act, Fault, History } from '#test/simulation/history.ts';
import { processesOf, signal } from './processes.ts';

/** Functions of a rotation, to die by the number of the call at which the history lets a process die. */
const STEPS = [
  'begin-operation',
  'create-version',
  'verify-version',
  'place-alias',
  'apply-policy',
  'complete-operation',
];
/** Calls of KMS to refuse, likewise. */
const CALLS = ['CreateKey', 'PutKeyPolicy', 'UpdateAlias', 'CreateAlias', 'Decrypt', 'DescribeKey'];
const CODES = { Throttled: 'ThrottlingException', DependencyUnavailable: 'KMSInternalException' };
/** Of a wait in a history: its clock is virtual, this one is not. */
const LONGEST_WAIT_SECONDS = 2;
/** What no history brings about: a fault of the system, or of this player. */
const FAULTS_OF_OURS = ['InternalError', 'ValidationFailed'];
const CONSUMER = { owner: 'payments', contact: 'on-call', kind: 'api', moved: false } as const;

export interface ReplaySite {
  readonly operator: Client;
  /** The consumer that answers, which may encrypt and decrypt under every key of the history. */
  readonly workload: Client;
  readonly principal: string;
  readonly temporary: string;
  /** Posts a fault to the key endpoint. */
  readonly fault: (fault: object) => Promise<void>;
  readonly setConnected: (isConnected: boolean) => Promise<void>;
  readonly sweep: () => Promise<void>;
}

/** Something written during a history. */
export interface Written {
  readonly key: string;
  readonly ciphertext: string;
  readonly plaintext: string;
}

/** What the API refuses, as the simulator's actors are refused too; and what cannot be had while the key store is away. */
async function attempt<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    const isRefused = error instanceof ProblemError && !FAULTS_OF_OURS.includes(error.code);
    if (isRefused) return null;
    throw error;
  }
}

export class Replay {
  readonly names: readonly string[];
  readonly written: Written[] = [];
  readonly #site: ReplaySite;
  readonly #history: History;
  readonly #id: string;

  constructor(site: ReplaySite, history: History, id: string) {
    this.#site = site;
    this.#history = history;
    this.#id = id;
    this.names = Array.from({ length: history.keys }, (_, key) => `replayed-${id}-${key}`);
  }

  /** Plays it to the end of its acts. */
  async play(): Promise<void> {
    for (const name of this.names) await this.#create(name);
    const { acts, faults } = this.#history;
    for (const [index, act] of acts.entries()) {
      const now = faults.filter(({ at }) => at % acts.length === index);
      await Promise.all([...now.map((fault) => this.#goWrong(fault)), this.#act(act)]);
    }
  }

  /** Consumers do what they are asked and the schedule fires, until no operation holds a key of the history. */
  async settle(): Promise<void> {
    try {
      await until(
        async () => {
          await this.#site.sweep();
          const held = await Promise.all(this.names.map((name) => this.#isHeld(name)));
          return !held.includes(true);
        },
        { timeoutSeconds: 150, pollMilliseconds: 2000, what: 'it to settle' },
      );
    } catch (cause) {
      const history = JSON.stringify(this.#history);
      throw new Error(`${history}: ${await this.#holders()}`, { cause });
    }
  }

  /** What still holds keys, for the message. */
  async #holders(): Promise<string> {
    const { operator } = this.#site;
    const keys = await Promise.all(this.names.map((name) => operator.getKey(name)));
    const ids = keys.flatMap(({ body }) => body.operationId ?? []);
    const found = await Promise.all(ids.map((id) => operator.getOperation(id)));
    return JSON.stringify(found.map(({ body }) => body));
  }

  async #isHeld(name: string): Promise<boolean> {
    const id = (await this.#site.operator.getKey(name)).body.operationId;
    if (id === null) return false;
    await this.#acknowledge(name);
    return true;
  }

  #nameOf(key: number): string {
    return this.names[key % this.names.length] ?? '';
  }

  async #create(name: string): Promise<void> {
    const { operator, principal } = this.#site;
    const access: RequestOf<'createKey'>['access'] = [
      { principal, rights: ['encrypt', 'decrypt'] },
    ];
    const { body } = await operator.createKey({
      ...{ name, class: 'test', owner: 'payments', purpose: 'a replayed history' },
      ...{ environment: 'development', access },
      ...(this.#history.origin ? { origin: this.#history.origin } : {}),
    });
    await until(async () => (await operator.getOperation(body.operationId)).body.state === 'done', {
      timeoutSeconds: 60,
      what: `${name} to be made`,
    });
  }

  /** One act. Those on stored items, and on what is destroyed or let go, are the simulator's alone. */
  async #act(act: Act): Promise<unknown> {
    const { operator, sweep } = this.#site;
    switch (act.do) {
      case 'encrypt':
        return this.#encrypt(this.#nameOf(act.key));
      case 'rotate': {
        const idempotencyKey = `${this.#id}-${act.key}-${act.request}`;
        return attempt(() => operator.startRotation(this.#nameOf(act.key), {}, { idempotencyKey }));
      }
      case 'patch':
        return this.#patch(this.#nameOf(act.key), act);
      case 'register':
        return this.#register(this.#nameOf(act.key), act.consumer);
      case 'remove':
        return this.#remove(this.#nameOf(act.key), act.consumer);
      case 'acknowledge':
        return this.#acknowledge(this.#nameOf(act.key));
      case 'cancel':
        return this.#ofRotation(act.key, (id) => operator.cancelRotation(id, { reason: 'asked' }));
      case 'roll-back':
        return this.#ofRotation(act.key, (id) =>
          operator.rollBackRotation(id, { reason: 'asked' }),
        );
      case 'sweep':
        return Promise.all(Array.from({ length: act.times }, sweep));
      case 'wait':
        return pause(1000 * Math.min(act.seconds, LONGEST_WAIT_SECONDS));
      default:
        return null;
    }
  }

  async #goWrong(fault: Fault): Promise<unknown> {
    const { temporary, setConnected } = this.#site;
    switch (fault.goes) {
      case 'process-dies': {
        const step = STEPS[fault.at % STEPS.length];
        for (const pid of processesOf(`keyturn-local-${step}`, temporary)) signal(pid, 'SIGKILL');
        return null;
      }
      case 'refused': {
        const { at, code = 'DependencyUnavailable', phase: when, times: count } = fault;
        return this.#site.fault({
          ...{ operation: CALLS[at % CALLS.length], code: CODES[code], when, count },
        });
      }
      case 'disconnected': {
        await setConnected(false);
        // Long enough to be met by what runs.
        await pause(50 * fault.calls);
        return setConnected(true);
      }
      case 'execution-lost':
        throw new Error('its lease lasts longer than a test');
      default:
        return this.#act(fault.act);
    }
  }

  async #encrypt(key: string): Promise<void> {
    const plaintext = Buffer.from(`${key} ${this.written.length}`).toString('base64');
    const made = await attempt(() => this.#site.workload.encrypt(key, { plaintext }));
    if (made) this.written.push({ key, plaintext, ciphertext: made.body.ciphertext });
  }

  async #patch(name: string, act: Extract<Act, { do: 'patch' }>): Promise<unknown> {
    const { operator } = this.#site;
    const { etag } = await operator.getKey(name);
    const at = new Date(Date.now() + act.dueInSeconds * 1000).toISOString();
    const ifMatch = act.isStale ? '"1"' : (etag ?? '');
    return attempt(() => operator.updateKey(name, { nextRotationAt: at }, { ifMatch }));
  }

  async #register(key: string, consumer: number): Promise<unknown> {
    const { operator, principal } = this.#site;
    const acknowledgement =
      consumer === 0 ? ({ mode: 'api' } as const) : ({ mode: 'wait', waitSeconds: 1 } as const);
    const body = {
      ...CONSUMER,
      ...{ principal, rights: ['encrypt', 'decrypt'] as const, acknowledgement },
    } as unknown as RequestOf<'putConsumer'>;
    return attempt(() => operator.putConsumer({ key, consumer: `consumer-${consumer}` }, body));
  }

  async #remove(key: string, consumer: number): Promise<unknown> {
    const { operator } = this.#site;
    const target = { key, consumer: `consumer-${consumer}` };
    return attempt(async () => {
      const { etag } = await operator.getConsumer(target);
      return operator.deleteConsumer(target, { ifMatch: etag ?? '' });
    });
  }

  /** The consumer that answers says that it is ready, where it is asked. */
  async #acknowledge(name: string): Promise<unknown> {
    const { operator, workload } = this.#site;
    const id = (await operator.getKey(name)).body.operationId;
    if (id === null) return null;
    return attempt(async () => {
      const { version } = (await operator.getRotation(id)).body;
      return workload.acknowledgeRotation(id, { consumer: 'consumer-0', version });
    });
  }

  async #ofRotation(key: number, ask: (id: string) => Promise<unknown>): Promise<unknown> {
    const id = (await this.#site.operator.getKey(this.#nameOf(key))).body.operationId;
    return id === null ? null : attempt(() => ask(id));
  }
}
