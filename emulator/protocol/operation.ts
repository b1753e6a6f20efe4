// SPDX-License-Identifier: Apache-2.0
// The one shape of every operation: a request reader and a handler.
import type { Caller } from '../authorization/principal.ts';
import type { Emulator } from '../settings.ts';
import { type InputOf, type Member, type Reader, structure } from './shape.ts';

/** One call as a handler sees it. */
export interface Call {
  readonly emulator: Emulator;
  readonly caller: Caller;
  /** Epoch milliseconds at which the call began. */
  readonly now: number;
  /** When readers see what this call changes; `now` unless a fault delays it. */
  readonly visibleAt: number;
  /** Grant tokens of the request; authorization checks them. */
  readonly grantTokens?: readonly string[];
}

/** A response body, or nothing for operations that answer an empty body. */
export type Answer = Readonly<Record<string, unknown>> | undefined;

/** An operation as the dispatcher sees it. */
export interface Operation {
  readonly name: string;
  readonly read: Reader<unknown>;
  readonly handle: (call: Call, input: unknown) => Answer | Promise<Answer>;
  /** True when no other call may run meanwhile. */
  readonly isExclusive?: boolean;
}

function withGrantTokens(call: Call, input: unknown): Call {
  const { GrantTokens: tokens } = input as { GrantTokens?: readonly string[] };
  return tokens === undefined || tokens.length === 0 ? call : { ...call, grantTokens: tokens };
}

/** Declares an operation: its name on the wire, its members, its handler. */
export function operation<Members extends Record<string, Member<unknown>>>(
  name: string,
  members: Members,
  handle: (call: Call, input: InputOf<Members>) => Answer | Promise<Answer>,
): Operation {
  return {
    name,
    read: structure(members),
    // The dispatcher passes what `read` answered, and nothing else.
    handle: (call, input) => handle(withGrantTokens(call, input), input as InputOf<Members>),
  };
}

/** An operation that copies or reloads the HSM's tokens and so needs the HSM alone. */
export function exclusive(item: Operation): Operation {
  return { ...item, isExclusive: true };
}

/** Operations by name. */
export function tableOf(operations: readonly Operation[]): ReadonlyMap<string, Operation> {
  return new Map(operations.map((item) => [item.name, item]));
}
