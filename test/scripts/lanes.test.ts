// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { beginEarly, chosen, run } from '#scripts/test/lanes.ts';
import { counted } from '#scripts/test/tallies.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyturn-lanes-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('lanes', () => {
  const lane = async () => counted('a', 0);

  it('are chosen by name, in their own order', () => {
    expect(Object.keys(chosen({ a: lane, b: lane, c: lane }, 'c,a'))).toEqual(['a', 'c']);
    expect(Object.keys(chosen({ a: lane, b: lane }, undefined))).toEqual(['a', 'b']);
  });

  it('that do not exist are refused with those that do', () => {
    expect(() => chosen({ a: lane, b: lane }, 'a,toString')).toThrow(
      'no such lane: toString; there are a, b',
    );
  });
});

describe('a program of a lane', () => {
  it('ends with its exit code', async () => {
    expect(await run(process.execPath, ['-e', 'process.exit(4)'])).toBe(4);
  });

  it('hands what it prints over line by line, to the last', async () => {
    const lines: string[] = [];
    const program =
      "console.log('one\\ntwo'); console.error('three'); process.stdout.write('last')";
    expect(await run(process.execPath, ['-e', program], {}, (line) => lines.push(line))).toBe(0);

    expect(lines.toSorted()).toEqual(['last', 'one', 'three', 'two']);
  });

  it('is over with the program, whoever keeps its output open', async () => {
    const sleeper = "spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']";
    const program = `const { spawn } = require('node:child_process');
      const child = ${sleeper}, { detached: true, stdio: 'inherit' });
      console.log(child.pid); child.unref(); process.exit(3)`;
    const lines: string[] = [];

    expect(await run(process.execPath, ['-e', program], {}, (line) => lines.push(line))).toBe(3);
    process.kill(Number(lines[0]));
  });

  it('fails when a signal ended it, and when it does not start', async () => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);

    expect(await run(process.execPath, ['-e', "process.kill(process.pid, 'SIGKILL')"])).toBe(1);
    expect(await run(join(folder, 'no-such-program'), [])).toBe(1);
  });
});

describe('a lane that begins early', () => {
  const lane = async () => counted('a', 0);
  const lanes = { one: lane, two: lane, slow: lane };

  it('keeps its turn', () => {
    expect(Object.keys(beginEarly(lanes, 'slow', 'one'))).toEqual(['one', 'two', 'slow']);
  });

  it('is left alone where nothing is before it, or it was not asked for', () => {
    expect(beginEarly({ slow: lane }, 'slow', 'one')).toEqual({ slow: lane });
    expect(beginEarly({ one: lane }, 'slow', 'one')).toEqual({ one: lane });
    expect(beginEarly(lanes, 'one', 'two')).toBe(lanes);
    expect(beginEarly(lanes, 'slow', 'three')).toBe(lanes);
  });
});
