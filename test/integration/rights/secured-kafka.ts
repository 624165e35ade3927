import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, logLevel, ResourcePatternTypes } from 'kafkajs';
import { prepareKafka } from '../../../src/local/kafka.ts';
import { freePort } from '../../../src/local/port.ts';
import { freePorts } from '../../../src/local/stack.ts';
import { until } from '../../until.ts';
import { startAlone } from '../lone-service.ts';

export const USER = 'discovery-gateway';
export const PASSWORD = 'for-tests-only';
const SCRIPT = fileURLToPath(new URL('../../../deploy/kafka/acls.sh', import.meta.url));

const RESOURCES: Readonly<Record<string, AclResourceTypes>> = { '--topic': AclResourceTypes.TOPIC, '--group': AclResourceTypes.GROUP };
const OPERATIONS: Readonly<Record<string, AclOperationTypes>> = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Create: AclOperationTypes.CREATE,
};

export interface Right {
  readonly resourceType: AclResourceTypes;
  readonly resourceName: string;
  readonly resourcePatternType: ResourcePatternTypes;
  readonly principal: string;
  readonly host: string;
  readonly operation: AclOperationTypes;
  readonly permissionType: AclPermissionTypes;
}

/**
 * A real Kafka that lets nobody do anything without a right: a superuser on the open listener (its `broker`), everybody else by SASL/PLAIN on
 * the other (`secured`). `stop` ends it.
 */
export async function startSecuredKafka(folder: string) {
  return startLoginKafka(folder, 'SASL_PLAINTEXT', {
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
  });
}

/**
 * A real Kafka whose second listener (`secured`) asks for the login of USER; the first (`broker`) is open. `more` properties stand above
 * the usual ones. `stop` ends it.
 */
export async function startLoginKafka(folder: string, protocol: 'SASL_PLAINTEXT' | 'SASL_SSL', more: Readonly<Record<string, string>>) {
  const { kafka: ports } = await freePorts();
  const secured = await freePort(new Set([ports.broker, ports.controller]));
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
  const listeners = `PLAINTEXT://127.0.0.1:${ports.broker},${protocol}://127.0.0.1:${secured}`;
  const properties = {
    listeners: `${listeners},CONTROLLER://127.0.0.1:${ports.controller}`,
    'advertised.listeners': listeners,
    'listener.security.protocol.map': `PLAINTEXT:PLAINTEXT,${protocol}:${protocol},CONTROLLER:PLAINTEXT`,
    'sasl.enabled.mechanisms': 'PLAIN',
    [`listener.name.${protocol.toLowerCase()}.plain.sasl.jaas.config`]: `${login} user_${USER}="${PASSWORD}";`,
    ...more,
  };
  const stop = await startAlone(folder, (surroundings) => prepareKafka(ports, surroundings, properties));
  return { broker: `127.0.0.1:${ports.broker}`, secured: `127.0.0.1:${secured}`, stop };
}

/** What the script in deploy/kafka grants, as it would tell Kafka's own program. */
export async function rightsOfScript(folder: string, env: Readonly<Record<string, string>>): Promise<readonly Right[]> {
  const programs = join(folder, 'bin');
  await mkdir(programs, { recursive: true });
  await writeFile(join(programs, 'kafka-acls.sh'), '#!/bin/sh\nprintf "%s\\t" "$@"\necho\n', { mode: 0o755 });
  const args = [SCRIPT, `User:${USER}`, '--bootstrap-server', 'kafka:9092'];
  const { stdout } = await promisify(execFile)('bash', args, { env: { ...env, PATH: `${programs}:${process.env['PATH']}` } });
  return stdout.split('\n').flatMap((line) => rightsOf(line.split('\t').slice(0, -1)));
}

function rightsOf(args: readonly string[]): Right[] {
  const known = ['--bootstrap-server', '--add', '--allow-principal', '--operation', '--topic', '--group', '--resource-pattern-type'];
  const unknown = args.filter((arg) => arg.startsWith('--') && !known.includes(arg));
  if (unknown.length > 0) throw new Error(`the script says ${unknown.join()}, which this test does not know`);
  const after = (option: string) => args.flatMap((arg, index) => (args[index - 1] === option ? [arg] : []));
  const isPrefixed = after('--resource-pattern-type').includes('prefixed');
  return Object.entries(RESOURCES).flatMap(([option, resourceType]) =>
    after(option).flatMap((resourceName) =>
      after('--operation').map((operation) => ({
        resourceType,
        resourceName,
        resourcePatternType: isPrefixed ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
        principal: `User:${USER}`,
        host: '*',
        operation: OPERATIONS[operation] ?? AclOperationTypes.UNKNOWN,
        permissionType: AclPermissionTypes.ALLOW,
      })),
    ),
  );
}

/** Gives the rights, and waits until the broker knows them. */
export async function grant(broker: string, rights: readonly Right[]): Promise<void> {
  const admin = new Kafka({ clientId: 'operator', brokers: [broker], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await admin.createAcls({ acl: [...rights] });
    await until('the rights are known', async () => {
      const { resources } = await admin.describeAcls({
        resourceType: AclResourceTypes.ANY,
        resourcePatternType: ResourcePatternTypes.ANY,
        operation: AclOperationTypes.ANY,
        permissionType: AclPermissionTypes.ANY,
      });
      return resources.reduce((count, { acls }) => count + acls.length, 0) >= rights.length;
    });
  } finally {
    await admin.disconnect();
  }
}
