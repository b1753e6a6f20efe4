// SPDX-License-Identifier: Apache-2.0
// The AWS emulators that a local stack can stand on. What one of them does differently is said here and nowhere else:
// the app, the tests and the other services of the stack do not ask which it is.
import type { Layout } from '../layout.ts';
import type { Ports } from '../ports.ts';
import type { EmulatorName } from './names.ts';

/** What an emulator must know of the stack it is started for. */
export interface LaunchSettings {
  readonly layout: Layout;
  readonly ports: Ports;
  readonly waitScale: number;
}

/** A program that answers as AWS does. */
export interface Emulator {
  readonly name: EmulatorName;
  /** As people call it. */
  readonly title: string;
  /** Whether what is deployed and stored outlives a stop. Without, every start begins from nothing. */
  readonly keepsState: boolean;
  /** Whether the factor on waits of state machines holds for time limits of tasks too. */
  readonly scalesTimeLimits: boolean;
  /** How many run the scenarios of the workflows side by side: each interprets on one core. */
  readonly scenarioProcesses: number;
  /** Where its own sign of life is. */
  readonly healthPath: string;
  /** Where it shows the mail that SES took. */
  readonly mailPath: string;
  /** Finds or installs what it needs. @throws LocalStackError saying what is missing and how to get it */
  prepare(layout: Layout, log: (line: string) => void): Promise<Installed>;
  /** Its command line and environment, and the settings of its launcher, for a stack that is about to start. */
  launch(settings: LaunchSettings): Launch;
}

/** What `prepare` found: paths. */
export interface Installed {
  readonly python: string;
  /** Members of the launcher's settings. */
  readonly settings: Readonly<Record<string, string>>;
}

/** A launcher to be started as `python launcher SETTINGS`. */
export interface Launch {
  readonly launcher: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly settings: Readonly<Record<string, string | number>>;
}
