// SPDX-License-Identifier: Apache-2.0
// The emulators by name.
import type { Emulator } from './emulator.ts';
import { LOCALSTACK } from './localstack.ts';
import { MINISTACK } from './ministack.ts';
import type { EmulatorName } from './names.ts';

/** By name. */
export const EMULATOR: Readonly<Record<EmulatorName, Emulator>> = {
  ministack: MINISTACK,
  localstack: LOCALSTACK,
};
