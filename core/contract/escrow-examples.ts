// SPDX-License-Identifier: Apache-2.0
// Examples of the bodies about escrow.
const AT = '2026-11-22T10:00:00.000Z';
const LATER = '2026-11-25T10:00:00.000Z';
const SET_ID = 'esc_01KAN5V6Q0T3D9M4XW8ZC2RBEY';
const SESSION_ID = 'ers_01KAN6V6Q0T3D9M4XW8ZC2RBEY';
const DIGEST = '5c'.repeat(32);
const BOB = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
const DAN = 'age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg';
const RECIPIENT = 'age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj';

const SET = {
  setId: SET_ID,
  version: 1,
  generation: 1,
  state: 'active',
  required: 2,
  total: 2,
  custodians: [
    { sub: 'usr_bob', recipient: BOB, provenAt: AT },
    { sub: 'usr_dan', recipient: DAN, provenAt: null },
  ],
  createdAt: AT,
  activatedAt: AT,
  openedAt: null,
  retiredAt: null,
  cause: null,
};

const SESSION = {
  id: SESSION_ID,
  purpose: 'recover',
  setId: SET_ID,
  version: 1,
  generation: 1,
  state: 'open',
  recipient: RECIPIENT,
  required: 2,
  contributed: ['usr_bob'],
  missing: ['usr_dan'],
  used: [],
  refused: null,
  next: null,
  reason: 'the material expired',
  requestedBy: 'usr_alice',
  requestedAt: AT,
  expiresAt: LATER,
  endedAt: null,
  approvalId: 'apr_01KAN6V6Q0T3D9M4XW8ZC2RBEZ',
};

const SHARE = {
  type: 'keyturn-share/1',
  setId: SET_ID,
  key: 'orders',
  version: 1,
  generation: 1,
  index: 1,
  required: 2,
  total: 2,
  bytes: 32,
  custodian: 'usr_bob',
  recipient: BOB,
  shareDigest: DIGEST,
  checkValue: DIGEST,
  createdAt: AT,
  sealed: 'YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSA…',
  signature: 'MEUCIQDk…',
};

export const ESCROW_EXAMPLES: Readonly<Record<string, unknown>> = {
  EscrowSet: SET,
  EscrowSession: SESSION,
  Escrow: { key: 'orders', sets: [SET], sessions: [SESSION] },
  SealedShare: SHARE,
  SealedShares: { items: [SHARE] },
  StartEscrowSessionRequest: { purpose: 'recover', reason: 'the material expired' },
  EscrowSessionAccepted: {
    operationId: null,
    approvalId: 'apr_01KAN6V6Q0T3D9M4XW8ZC2RBEZ',
    digest: DIGEST,
    expiresAt: LATER,
    session: { ...SESSION, state: 'requested', contributed: [], approvalId: null },
  },
  ContributeShareRequest: { sealed: 'YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSA=' },
  ProveShareRequest: { version: 1, generation: 2, proof: DIGEST },
};
