// SPDX-License-Identifier: Apache-2.0
// HSMs of a key store as people read them.
import type { ResponseOf } from '../sdk/index.ts';
import { renderFields, renderTable } from './table.ts';

type Hsms = ResponseOf<'listHsms'>;
type HsmChange = ResponseOf<'changeHsms'>;
type Width = number | undefined;

const SAID: Readonly<Record<string, string>> = {
  'one-zone':
    'HSMs work in fewer than two zones: no key can be made, and the next loss ends all use',
  'nearly-full': 'the key store is nearly full',
  'backup-missing': 'the newest backup is older than two days',
};

export function viewHsmChange(change: HsmChange, width: Width): string {
  return renderFields(
    [
      ['change', change.kind],
      ['zone', change.zone],
      ['replaces', change.replaces],
      ['new HSM', change.hsmId],
      ['state', change.state],
      ['cause', change.cause],
      ['asked by', change.requestedBy],
      ['since', change.startedAt],
    ],
    width,
  );
}

export function viewHsms(hsms: Hsms, width: Width): string {
  const rows = hsms.items.map(({ id, zone, state }) => [id, zone, state]);
  const fields = renderFields(
    [
      ['cluster', `${hsms.clusterId}, ${hsms.hsmType}`],
      ['active zones', `${hsms.activeZones} of ${hsms.zones.length}`],
      ['room', `${hsms.occupied} of ${hsms.capacity} key versions`],
      ['newest backup', hsms.newestBackupAt],
      [
        'backups kept',
        hsms.backupRetentionDays === null ? null : `${hsms.backupRetentionDays} days`,
      ],
    ],
    width,
  );
  const warnings = hsms.findings.map((finding) => `! ${SAID[finding] ?? finding}`);
  const change = hsms.change ? [viewHsmChange(hsms.change, width)] : [];
  const parts = [renderTable(['HSM', 'zone', 'state'], rows, width), fields];
  return [...parts, ...(warnings.length > 0 ? [warnings.join('\n')] : []), ...change].join('\n\n');
}
