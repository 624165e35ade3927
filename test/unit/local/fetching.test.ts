import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { consulBinary } from '../../../src/local/consul-binary.ts';
import { type Guard, startGuard } from '../../../src/local/guard.ts';
import { kafkaJars } from '../../../src/local/kafka-jars.ts';
import { machineFolder } from '../../../src/local/postgres-binaries.ts';
import type { Surroundings } from '../../../src/local/surroundings.ts';
import { until } from '../../until.ts';

let folder = '';
let guard: Guard;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fetching-'));
  await mkdir(join(folder, 'bin'));
  guard = await startGuard();
});

afterEach(async () => {
  await guard.close();
  await rm(folder, { recursive: true });
});

/** A program of that name on the PATH. */
async function program(name: string, script: string, bin = join(folder, 'bin')): Promise<void> {
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin, name), 0o755);
}

function surroundings(signal = new AbortController().signal): Surroundings & { lines: string[] } {
  const lines: string[] = [];
  return {
    env: { PATH: join(folder, 'bin'), DISCOVERY_GATEWAY_CACHE: join(folder, 'cache') },
    guard,
    progress: (_part, line) => lines.push(line),
    folder: join(folder, 'data'),
    temporary: true,
    signal,
    lines,
  };
}

// The last argument of Maven is -DoutputDirectory=….
const FETCH = `for last; do true; done; /bin/mkdir -p "\${last#*=}"; echo jar >"\${last#*=}/kafka.jar"`;

it('should fetch the jars of Kafka with Maven once, and need only Java from then on', async () => {
  await program('java', '');
  await program('mvn', FETCH);
  const first = surroundings();
  const { java, jars } = await kafkaJars(first);
  expect(java).toBe(join(folder, 'bin', 'java'));
  expect(await readFile(join(jars, 'kafka.jar'), 'utf8')).toBe('jar\n');
  expect(await readFile(join(jars, 'pom.xml'), 'utf8')).toContain('<artifactId>kafka_2.13</artifactId><version>4.1.2</version>');
  expect(first.lines).toEqual([expect.stringContaining('fetching Kafka 4.1.2')]);
  await rm(join(folder, 'bin', 'mvn'));
  const second = surroundings();
  expect(await kafkaJars(second)).toEqual({ java, jars });
  expect(second.lines).toEqual([]);
});

it('should say what Maven said when it fails, and try again the next time', async () => {
  await program('java', '');
  await program('mvn', 'echo "Could not resolve host"; exit 4');
  await expect(kafkaJars(surroundings())).rejects.toThrow(/mvn .*\nended with code 4[\s\S]*Could not resolve host/);
  await program('mvn', FETCH);
  await kafkaJars(surroundings());
});

it('should end what is being fetched when it is aborted', async () => {
  await program('java', '');
  await program('mvn', `echo $$ >${folder}/pid; exec /bin/sleep 60`);
  const abort = new AbortController();
  const fetching = kafkaJars(surroundings(abort.signal));
  const pid = Number(await until('Maven runs', () => readFile(join(folder, 'pid'), 'utf8')));
  abort.abort(new Error('enough'));
  await expect(fetching).rejects.toThrow('enough');
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

it('should name what is missing for Kafka', async () => {
  await expect(kafkaJars(surroundings())).rejects.toThrow('Kafka needs Java 17 or newer (java) and Maven (mvn)');
  await program('java', '');
  await expect(kafkaJars(surroundings())).rejects.toThrow('Kafka needs Maven (mvn)');
});

it('should build Consul with Go once', async () => {
  await program('go', `echo "$CGO_ENABLED $@" >>${folder}/calls; [ "$1" = build ] || exit 0; /bin/mkdir -p bin; echo consul >bin/consul`);
  const binary = await consulBinary(surroundings());
  expect(await readFile(binary, 'utf8')).toBe('consul\n');
  const calls = (await readFile(join(folder, 'calls'), 'utf8')).trimEnd().split('\n');
  expect(calls.map((call) => call.split(' ').slice(0, 2).join(' '))).toEqual(['0 mod', '0 get', '0 build']);
  expect(calls[1]).toContain('github.com/hashicorp/consul@v1.19.2');
  await rm(join(folder, 'bin', 'go'));
  expect(await consulBinary(surroundings())).toBe(binary);
});

it('should use a Consul on the PATH, and name what is missing where there is neither', async () => {
  await expect(consulBinary(surroundings())).rejects.toThrow('Consul needs a consul binary on the PATH, or Go');
  await program('consul', '');
  expect(await consulBinary(surroundings())).toBe(join(folder, 'bin', 'consul'));
});

it("should find the machine's own Postgres: on the PATH, else the newest installation that is whole", async () => {
  const installations = [join(folder, 'nowhere'), join(folder, 'postgresql')];
  const { env } = surroundings();
  expect(machineFolder(env, installations)).toBeNull();
  for (const version of ['9', '15', '16']) await program('postgres', '', join(folder, 'postgresql', version, 'bin'));
  for (const version of ['9', '15']) await program('initdb', '', join(folder, 'postgresql', version, 'bin'));
  expect(machineFolder(env, installations)).toBe(join(folder, 'postgresql', '15', 'bin'));
  await program('postgres', '');
  expect(machineFolder(env, installations)).toBe(join(folder, 'postgresql', '15', 'bin'));
  await program('initdb', '');
  expect(machineFolder(env, installations)).toBe(join(folder, 'bin'));
});
