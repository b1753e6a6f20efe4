// SPDX-License-Identifier: Apache-2.0
// Metrics that functions write (CloudWatch embedded metric format) and alarms watch.

export const METRIC_NAMESPACE = 'Keyturn';
/** The one dimension of every metric. */
export const METRIC_DIMENSION = 'service';

/** Metrics with the value of their dimension, and what a data point counts. */
export const METRICS = {
  /** Active keys whose `nextRotationAt` has passed, counted by each sweep. */
  overdueKeys: { name: 'OverdueKeys', service: 'rotation-sweep' },
  /** Events that claim to be signals and are none of ours. */
  refusedSignals: { name: 'RefusedSignals', service: 'signals' },
  /** Consumers seen to encrypt under an older version than the one they acknowledged. */
  contradictedAcknowledgements: { name: 'ContradictedAcknowledgements', service: 'key-use' },
  /** One for each rotation in place of a KMS key that has few of them left. */
  inPlaceBudgetLow: { name: 'InPlaceBudgetLow', service: 'rotation' },
  /** One for each operation that parks. */
  parkedOperations: { name: 'ParkedOperations', service: 'workflows' },
  /** One for each run of re-encryption that parks; it holds no key, so it has an alarm of its own. */
  parkedReencryptions: { name: 'ParkedReencryptions', service: 'reencryption' },
  /** Keys that somebody stopped alone in an emergency: everybody who answers for keys should know at once. */
  emergencies: { name: 'EmergencyContainments', service: 'containment' },
  /** Consumers of stopped keys that have not said in time that their caches are empty: each counts once for a containment. */
  purgeOverdue: { name: 'PurgeOverdue', service: 'containment' },
  /** Roles that a look at mass brakes left other than the brakes say. */
  brakeIncomplete: { name: 'BrakeIncomplete', service: 'brakes' },
  /** Findings of the rules of detection, each with an incident that is open for it. */
  detections: { name: 'Detections', service: 'detection' },
  /** Looks at a key store whose HSMs work in fewer than two zones: no key can be made, and one HSM may be the last. */
  hsmsInOneZone: { name: 'HsmsInOneZone', service: 'hsms' },
  /** Looks at a key store in which little room is left. */
  keyStoreNearlyFull: { name: 'KeyStoreNearlyFull', service: 'hsms' },
  /** Looks at a key store whose newest backup is older than two days. */
  backupMissing: { name: 'BackupMissing', service: 'hsms' },
  /** HSMs that could not be added or replaced. */
  hsmChangeFailed: { name: 'HsmChangeFailed', service: 'hsms' },
  /** Drills that ended without passing. */
  drillFailed: { name: 'DrillFailed', service: 'drills' },
  /** Looks at a stage in which no drill has passed for longer than a quarter. */
  drillOverdue: { name: 'DrillOverdue', service: 'drills' },
  /** Looks at a drill whose clusters or backups are still there, hours after they should be gone. */
  drillStuck: { name: 'DrillStuck', service: 'drills' },
  /** Keys of which a version that is being destroyed was used, or tried to be. */
  destructionUses: { name: 'UsesDuringDestruction', service: 'destruction' },
  /** Audit records of which no event can be made: nobody was told of them. */
  untoldRecords: { name: 'UntoldRecords', service: 'events' },
} as const;
