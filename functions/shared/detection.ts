// SPDX-License-Identifier: Apache-2.0
// The rules of detection over uses that were counted, with the alarm of what they find.
import { systemClock, ulidIds } from '#adapters/system/system.ts';
import { FUNCTION_NAMES, roleName } from '#core/contract/environment.ts';
import { METRICS } from '#core/contract/metrics.ts';
import type { Stage } from '#core/contract/vocabulary.ts';
import { detectMisuse, type JudgedUse } from '#core/incidents/detect-misuse.ts';
import { CONTAINMENT_RULES } from '#policies/containment-rules.ts';
import { DETECTION_RULES } from '#policies/detection-rules.ts';
import { PLAYBOOKS } from '#policies/playbooks.ts';
import { counter } from './counting.ts';
import { logger } from './logging.ts';
import { incidentRows, keyUseLog, ledger, startSlots, workflows } from './wiring.ts';

/** Judges batches of uses. A finding that cannot be written fails nothing: the batch would be counted again. */
export function misuseDetector(
  stage: Stage,
  tableName: string,
  revokeKeyArn: string,
): (uses: readonly JudgedUse[]) => Promise<void> {
  const countFindings = counter(METRICS.detections);
  const own = new Set(FUNCTION_NAMES.map((one) => roleName(stage, one)));
  const deps = {
    incidents: incidentRows(tableName),
    ledger: ledger(tableName),
    clock: systemClock,
    playbooks: PLAYBOOKS,
    detections: DETECTION_RULES,
    log: keyUseLog(tableName),
    slots: startSlots(tableName),
    ids: ulidIds,
    containmentRules: CONTAINMENT_RULES,
    workflows: workflows({ 'revoke-key': revokeKeyArn }),
    // Whole names: a consumer's role may begin as ours do.
    isOwn: (principal: string) => own.has(principal.split('/').at(-1) ?? ''),
  };
  return async (uses) => {
    try {
      const raised = await detectMisuse(deps, uses);
      if (raised.length === 0) return;
      logger.warn('odd use of keys', { incidents: raised });
      countFindings(raised.length);
    } catch (error) {
      const cause = error instanceof Error ? error.name : 'unknown';
      logger.error('uses could not be judged', { error: cause });
    }
  };
}
