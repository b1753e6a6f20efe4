// SPDX-License-Identifier: Apache-2.0
// One structured logger per function. Events, bodies and answers are never logged: they could hold data or tokens.
import { Logger } from '@aws-lambda-powertools/logger';

export const logger = new Logger({ serviceName: 'keyturn' });
