// SPDX-License-Identifier: Apache-2.0
// DynamoDB Local, fetched from Maven Central into the shared folder. Its licence lets everybody use it and nobody pass it
// on, so it is never part of this repository.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../commands.ts';
import { LocalStackError } from '../errors.ts';
import { withLock } from '../locks.ts';

const VERSION = '2.6.1';
const PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';
const PROJECT = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>keyturn</groupId>
  <artifactId>dynamodb-local</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>com.amazonaws</groupId>
      <artifactId>DynamoDBLocal</artifactId>
      <version>${VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

/** The folder with DynamoDB Local and all it needs. @throws LocalStackError without Maven, or when it fails */
export async function ensureDynamoDb(folder: string, log: (line: string) => void): Promise<string> {
  const library = join(folder, 'lib');
  const stamp = join(folder, 'version');
  const isThere = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === VERSION;
  if (isThere()) return library;
  await withLock(`${folder}.lock`, async () => {
    if (isThere()) return;
    log(`fetching DynamoDB Local ${VERSION} into ${folder} (once)`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, 'pom.xml'), PROJECT);
    await fetchWithMaven(folder, library);
    writeFileSync(stamp, VERSION);
  });
  return library;
}

/** Says nothing when there is one. @throws LocalStackError when there is none */
export async function findMaven(): Promise<void> {
  const { code } = await run('mvn', ['--version']);
  if (code === 0) return;
  throw new LocalStackError(
    'Maven is needed to fetch DynamoDB Local for LocalStack: install the package `maven`',
  );
}

async function fetchWithMaven(folder: string, library: string): Promise<void> {
  await findMaven();
  const goal = [`${PLUGIN}:copy-dependencies`, `-DoutputDirectory=${library}`];
  const args = ['--quiet', '--batch-mode', '--file', join(folder, 'pom.xml'), ...goal];
  const { code, output } = await run('mvn', args);
  if (code === 0) return;
  throw new LocalStackError(
    `fetching DynamoDB Local from Maven Central failed:\n${output.trim().slice(-2000)}`,
  );
}
