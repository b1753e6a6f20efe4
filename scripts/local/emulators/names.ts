// SPDX-License-Identifier: Apache-2.0

/** The names of `--emulator`. */
export const EMULATORS = ['ministack', 'localstack'] as const;
export type EmulatorName = (typeof EMULATORS)[number];
