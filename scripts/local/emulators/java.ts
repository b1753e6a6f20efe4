// SPDX-License-Identifier: Apache-2.0
// The Java of the machine, for DynamoDB Local.
import { join } from 'node:path';
import { run } from '../commands.ts';
import { LocalStackError } from '../errors.ts';

/** DynamoDB Local 2 needs it. @see DynamoDB developer guide, "Setting up DynamoDB local" */
const MINIMUM = 17;

/** Path of the `java` of JAVA_HOME or of the path. @throws LocalStackError when there is none, or only an older one */
export async function findJava(home = process.env['JAVA_HOME']): Promise<string> {
  const candidates = [...(home ? [join(home, 'bin', 'java')] : []), 'java'];
  const seen: string[] = [];
  for (const candidate of candidates) {
    const { code, output } = await run(candidate, ['-XshowSettings:properties', '-version']);
    const version = /version "(\d+)/.exec(output)?.[1];
    const own = /^\s*java\.home = (.+)$/m.exec(output)?.[1];
    if (code === 0 && own && Number(version) >= MINIMUM) return join(own, 'bin', 'java');
    if (code === 0) seen.push(`${candidate} is version ${version ?? 'unknown'}`);
  }
  const reason = seen.length > 0 ? ` (${seen.join(', ')})` : '';
  throw new LocalStackError(
    `Java ${MINIMUM} or newer is needed for the DynamoDB of LocalStack${reason}.\n` +
      '  Debian, Ubuntu: sudo apt-get install openjdk-17-jre-headless maven\n' +
      '  Fedora:         sudo dnf install java-latest-openjdk-headless maven\n' +
      '  macOS:          brew install openjdk maven',
  );
}
