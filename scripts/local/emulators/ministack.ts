// SPDX-License-Identifier: Apache-2.0
// ministack with Keyturn's patches: the emulator of every day. It enforces IAM, verifies signatures and keeps its state.
import { join } from 'node:path';
import { REGION } from '../environment.ts';
import { ROOT } from '../layout.ts';
import { ensurePython } from '../python.ts';
import type { Emulator } from './emulator.ts';

export const MINISTACK: Emulator = {
  name: 'ministack',
  title: 'AWS emulator',
  keepsState: true,
  scalesTimeLimits: true,
  scenarioProcesses: 1,
  healthPath: '/_ministack/health',
  mailPath: '/_ministack/ses/messages',
  prepare: async (layout, log) => ({ python: await ensurePython(layout.venv, log), settings: {} }),
  launch: ({ layout, ports, waitScale }) => ({
    launcher: join(ROOT, 'emulator', 'gateway', 'launch.py'),
    settings: {},
    // Its own configuration. @see docs/local-stack.md
    environment: {
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(ports.gateway),
      MINISTACK_REGION: REGION,
      AUTH: 'true',
      USE_SSL: '1',
      MINISTACK_SSL_CERT: layout.tls.certificate,
      MINISTACK_SSL_KEY: layout.tls.key,
      IOT_MTLS_ENABLED: 'false',
      SFTP_ENABLED: '0',
      PERSIST_STATE: '1',
      STATE_DIR: layout.awsData,
      S3_PERSIST: '1',
      S3_DATA_DIR: layout.bucketData,
      LAMBDA_EXECUTOR: 'local',
      SFN_WAIT_SCALE: String(waitScale),
    },
  }),
};
