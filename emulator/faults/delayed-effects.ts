// SPDX-License-Identifier: Apache-2.0
// Operations whose effect readers and authorization may see late. @see KMS developer guide, eventual consistency

const DELAYED_EFFECTS: ReadonlySet<string> = new Set([
  'CancelKeyDeletion',
  'CreateAlias',
  'CreateGrant',
  'CreateKey',
  'DeleteAlias',
  'DeleteImportedKeyMaterial',
  'DisableKey',
  'DisableKeyRotation',
  'EnableKey',
  'EnableKeyRotation',
  'ImportKeyMaterial',
  'PutKeyPolicy',
  'RetireGrant',
  'RevokeGrant',
  'ScheduleKeyDeletion',
  'TagResource',
  'UntagResource',
  'UpdateAlias',
  'UpdateKeyDescription',
]);

/** Whether readers can see the operation's effect late; other operations are slowed instead. */
export function hasDelayedEffect(operation: string): boolean {
  return DELAYED_EFFECTS.has(operation);
}
