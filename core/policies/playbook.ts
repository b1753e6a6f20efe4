// SPDX-License-Identifier: Apache-2.0
// A playbook: what is to be done about a kind of incident, in order of its phases. Data is in `policies/playbooks.ts`.
import type { IncidentPhase, IncidentType } from '../contract/incidents.ts';

export interface PlaybookStep {
  readonly phase: IncidentPhase;
  readonly text: string;
  /** A command line; `{key}` stands for a key of the incident: then there is a task for each. */
  readonly command?: string;
}

export type Playbooks = Readonly<Record<IncidentType, readonly PlaybookStep[]>>;

/** The tasks of a playbook for some keys, without their numbers. */
export function stepsFor(
  steps: readonly PlaybookStep[],
  keys: readonly string[],
): readonly {
  readonly phase: IncidentPhase;
  readonly text: string;
  readonly command: string | null;
}[] {
  return steps.flatMap(({ phase, text, command }) => {
    if (!command?.includes('{key}')) return [{ phase, text, command: command ?? null }];
    return keys.map((key) => ({
      phase,
      text: `${text}: ${key}`,
      command: command.replaceAll('{key}', key),
    }));
  });
}
