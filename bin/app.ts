// SPDX-License-Identifier: Apache-2.0
// The CDK entry: settings of the stage → stacks → checks. `docs/deploy.md` lists the context values.
import { dirname } from 'node:path';
import { App } from 'aws-cdk-lib';
import { loadSettings } from '../lib/config/load-settings.ts';
import { addChecks, addStacks, sourcesOf } from '../lib/keyturn-app.ts';
import { checkClasses } from '../policies/check-classes.ts';

const app = new App();
const settings = loadSettings((name) => app.node.tryGetContext(name));
checkClasses(settings.timings);
addStacks(
  app,
  settings,
  sourcesOf(dirname(import.meta.dirname), app.node.tryGetContext('bundleFolder')),
);
addChecks(app);
app.synth();
