// SPDX-License-Identifier: Apache-2.0
// The shape of the admin endpoint's paths: GET shows, POST sets, DELETE ends.
import type { Emulator } from '../settings.ts';

/** Status and JSON body of an answer. */
export interface AdminAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Carries out one request; `isGone` tells whether its client left. */
export type Perform = (
  emulator: Emulator,
  given: unknown,
  isGone: () => boolean,
) => AdminAnswer | Promise<AdminAnswer>;

/** What a path does by method; the methods that are absent are refused. */
export interface Route {
  readonly get?: Perform;
  readonly post?: Perform;
  readonly clear?: Perform;
}

/** A refusal of the admin endpoint: what was asked for is not there, or not in a state for it. */
export class AdminRefusal extends Error {
  readonly status: 404 | 409;
  readonly code: string;

  constructor(status: 404 | 409, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** An answer to a request that was carried out. */
export function ok(body: unknown): AdminAnswer {
  return { status: 200, body };
}
