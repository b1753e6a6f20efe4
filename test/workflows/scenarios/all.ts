// SPDX-License-Identifier: Apache-2.0
import { KEY_OPERATIONS } from './key-operations.ts';
import { PROVISION_KEY_STORE } from './provision-key-store.ts';
import { REVIEW_POLICIES } from './review-policies.ts';
import { ROTATION_SWEEP } from './rotation-sweep.ts';
import type { ScenarioTable } from './scenario.ts';
import { UPDATE_ACCESS } from './update-access.ts';

/** The scenario tables of every workflow. */
export const SCENARIO_TABLES: readonly ScenarioTable[] = [
  ...KEY_OPERATIONS,
  ROTATION_SWEEP,
  UPDATE_ACCESS,
  REVIEW_POLICIES,
  PROVISION_KEY_STORE,
];
