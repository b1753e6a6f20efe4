// SPDX-License-Identifier: Apache-2.0
import { MemoryIncidentRows } from '#adapters/memory/incident-rows.ts';
import { describeIncidents } from '#test/adapters/contract/incidents.contract.ts';

describeIncidents('MemoryIncidentRows', async () => new MemoryIncidentRows());
