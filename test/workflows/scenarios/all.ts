// SPDX-License-Identifier: Apache-2.0
import { APPROVE } from './approve.ts';
import { CONTAIN_SCOPE } from './contain-scope.ts';
import { DESTROY_KEY } from './destroy-key.ts';
import { ADOPT_KEY, GENERATE_KEY } from './generate-key.ts';
import { PROVISION_KEY_STORE } from './provision-key-store.ts';
import { RECOVER_KEY_STORE } from './recover-key-store.ts';
import { REENCRYPT } from './reencrypt.ts';
import { REVIEW_POLICIES } from './review-policies.ts';
import { RESUME_KEY, REVOKE_KEY } from './revoke-key.ts';
import { ROTATE_DATA_KEY } from './rotate-data-key.ts';
import { ROTATE_KEY } from './rotate-key.ts';
import { ROTATION_SWEEP } from './rotation-sweep.ts';
import type { ScenarioTable } from './scenario.ts';
import { UNDO_OPERATION } from './undo-operation.ts';
import { UPDATE_ACCESS } from './update-access.ts';

/** The scenario tables of every workflow. */
export const SCENARIO_TABLES: readonly ScenarioTable[] = [
  GENERATE_KEY,
  ADOPT_KEY,
  ROTATE_DATA_KEY,
  ROTATE_KEY,
  UNDO_OPERATION,
  ROTATION_SWEEP,
  REENCRYPT,
  UPDATE_ACCESS,
  REVOKE_KEY,
  CONTAIN_SCOPE,
  RESUME_KEY,
  REVIEW_POLICIES,
  PROVISION_KEY_STORE,
  APPROVE,
  RECOVER_KEY_STORE,
  DESTROY_KEY,
];
