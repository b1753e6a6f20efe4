// SPDX-License-Identifier: Apache-2.0
// Playbooks by type of incident (requirement V3): what has to be done, in the order of its phases. A step with `{key}` is a
// task for each key of the incident. Deployments change them here, under review like all policy.
import type { PlaybookStep, Playbooks } from '#core/policies/playbook.ts';

const WHO_USED: PlaybookStep = {
  phase: 'identify',
  text: 'See who used the key, and how',
  command: 'keyturn key usage {key}',
};
const SUCCEED: readonly PlaybookStep[] = [
  {
    phase: 'rekey',
    text: 'See that the successor is in use and that every consumer is on it',
    command: 'keyturn consumer list {key}',
  },
  {
    phase: 'rekey',
    text: 'Have what the revoked version protects re-encrypted',
    command: 'keyturn reencrypt status {key}',
  },
];
const LEARN: PlaybookStep = {
  phase: 'root-cause',
  text: 'Find the root cause, and say what was protected while it was open',
};

export const PLAYBOOKS: Playbooks = {
  'leaked-credential': [
    WHO_USED,
    {
      phase: 'isolate',
      text: 'Take the credential away where it was issued, and end its sessions',
    },
    {
      phase: 'revoke',
      text: 'Revoke the version in use, with a successor, if the credential could use it',
      command: 'keyturn key history {key}',
    },
    ...SUCCEED,
    LEARN,
  ],
  'lost-custodian': [
    {
      phase: 'identify',
      text: 'List the requests that the custodian voted on since they were lost',
    },
    { phase: 'isolate', text: 'Take the custodian off the directory, and their sessions' },
    {
      phase: 'revoke',
      text: 'Take their signing keys off the policy, under the stricter of old and new quorum',
      command: 'keyturn policy show',
    },
    {
      phase: 'rekey',
      text: 'Share the escrowed material anew, without them',
      command: 'keyturn escrow status {key}',
    },
    LEARN,
  ],
  'hsm-tamper': [
    { phase: 'identify', text: 'Read the log of the cluster and the state of its HSMs' },
    {
      phase: 'isolate',
      text: 'Suspend the key until the cluster is trusted again',
      command: 'keyturn key suspend {key} --reason "HSM tamper"',
    },
    {
      phase: 'revoke',
      text: 'Revoke the version in use if its material may have left the HSM',
      command: 'keyturn key history {key}',
    },
    {
      phase: 'rekey',
      text: 'Restore the key store on another cluster from a backup older than the tamper',
      command: 'keyturn recovery list',
    },
    ...SUCCEED,
    LEARN,
  ],
  insider: [
    WHO_USED,
    {
      phase: 'identify',
      text: 'Verify the audit chains of what they could reach',
      command: 'keyturn audit verify --key {key}',
    },
    {
      phase: 'isolate',
      text: 'End their elevations and sessions',
      command: 'keyturn elevation list',
    },
    {
      phase: 'revoke',
      text: 'Revoke the version in use, with a successor, if they could use it alone',
      command: 'keyturn key history {key}',
    },
    ...SUCCEED,
    LEARN,
  ],
  'dependency-compromise': [
    { phase: 'identify', text: 'Find which functions and consumers ran the dependency, and when' },
    WHO_USED,
    {
      phase: 'isolate',
      text: 'Suspend the key while a consumer that ran it is still up',
      command: 'keyturn key suspend {key} --reason "dependency compromise"',
    },
    {
      phase: 'revoke',
      text: 'Revoke the version in use, with a successor, if plaintext or data keys could leave',
      command: 'keyturn key history {key}',
    },
    ...SUCCEED,
    LEARN,
  ],
};
