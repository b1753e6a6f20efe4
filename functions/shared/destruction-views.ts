// SPDX-License-Identifier: Apache-2.0
// A destruction as the API shows it.
import type { z } from 'zod';
import type * as contract from '#core/contract/destruction.ts';
import { destructionOf } from '#core/keys/destruction.ts';
import type { Resurrection } from '#core/keys/destruction-record.ts';
import type { KeySnapshot } from '#core/ports/ledger.ts';

const shownOf = ({ leftClusterId: _left, ...shown }: Resurrection) => shown;

/** @throws KeyturnError `KeyNotFound`, `DestructionNotFound` */
export function destructionView(
  snapshot: KeySnapshot,
  version: number,
): z.infer<typeof contract.Destruction> {
  const { head, record } = destructionOf(snapshot, version);
  const {
    certificate,
    materialReport: _report,
    dueAt: _due,
    noticedAt: _noticed,
    resurrected = null,
    ...rest
  } = record;
  const { quietSeconds: _quiet, windowDays: _window, versions, lossAccepted, ...shown } = rest;
  return {
    ...shown,
    key: snapshot.key.name,
    versions: [...versions],
    lossAccepted: [...lossAccepted],
    keyId: head.keyId,
    keyArn: head.keyArn,
    resurrected: resurrected && shownOf(resurrected),
    certificate: certificate?.jws ?? null,
  };
}
