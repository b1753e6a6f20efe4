// SPDX-License-Identifier: Apache-2.0
// Which AWS the lanes with a stack run on. `npm run test:localstack` says so by a variable; without one it is ministack.
import { z } from 'zod';
import { EMULATORS } from '#scripts/local/emulators/names.ts';

export const EMULATOR_UNDER_TEST = z
  .enum(EMULATORS)
  .default('ministack')
  .parse(process.env['KEYTURN_EMULATOR']);
