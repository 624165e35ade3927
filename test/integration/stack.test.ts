import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Stack } from '../../src/local/stack.ts';
import { until } from '../until.ts';
import { freshDatabase, mend, privateStack, sharedStack } from './stack.ts';

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000, query_timeout: 2000 });
  try {
    await client.connect();
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

it('should give each suite an empty UTF-8 database of its own', async () => {
  const [first, second] = await Promise.all([freshDatabase(), freshDatabase()]);
  expect(first).not.toBe(second);
  expect(await query(first, "select from information_schema.tables where table_schema = 'public'")).toEqual([]);
  expect(await query(first, 'show server_encoding')).toEqual([{ server_encoding: 'UTF8' }]);
});

describe('a private stack', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await privateStack();
  });

  beforeEach(() => mend(stack));

  afterAll(() => stack.stop());

  it('should be another one than the shared', () => {
    expect(stack.kafka.url).not.toBe(sharedStack().kafka);
    expect([stack.kafka.owned, stack.consul.owned, stack.postgres.owned]).toEqual([true, true, true]);
  });

  it('should keep the topics of Kafka and their messages over a kill and over a stop', async () => {
    const kafka = new Kafka({ brokers: [...stack.kafka.brokers], logLevel: logLevel.NOTHING, retry: { retries: 20, maxRetryTime: 500 } });
    const admin = kafka.admin();
    const producer = kafka.producer();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1 }], waitForLeaders: true });
    await producer.connect();
    await producer.send({ topic: 'kept', acks: -1, messages: [{ value: 'one' }] });
    await stack.kafka.kill();
    expect(stack.kafka.pid).toBeNull();
    await stack.kafka.start();
    const offset = () => admin.fetchTopicOffsets('kept').then((partitions) => partitions.map(({ high }) => high));
    expect(await until('the partition has a leader', offset)).toEqual(['1']);
    await stack.kafka.stop();
    await stack.kafka.start();
    expect(await until('the partition has a leader', offset)).toEqual(['1']);
    await producer.disconnect();
    await admin.disconnect();
  });

  it('should keep what is registered in Consul over a kill and over a stop', async () => {
    const consul = `http://${stack.consul.host}:${stack.consul.port}/v1`;
    const names = async () => Object.keys(await (await fetch(`${consul}/agent/services`)).json());
    const registered = await fetch(`${consul}/agent/service/register`, {
      method: 'PUT',
      body: JSON.stringify({ ID: 'kept-1', Name: 'kept', Port: 1234 }),
    });
    expect(registered.status).toBe(200);
    await stack.consul.kill();
    await stack.consul.start();
    expect(await names()).toEqual(['kept-1']);
    await stack.consul.stop();
    await stack.consul.start();
    expect(await names()).toEqual(['kept-1']);
    const catalog = async () => (await (await fetch(`${consul}/catalog/service/kept`)).json())[0];
    expect(await until('the catalog has it, too', catalog)).toMatchObject({ ServiceID: 'kept-1', ServicePort: 1234 });
  });

  it('should keep the rows of Postgres over a kill with clients connected and over a stop', async () => {
    const url = await freshDatabase(stack.postgres.url ?? '');
    await query(url, 'create table kept as select 42 as answer');
    const client = new Client({ connectionString: url });
    const cut = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    await stack.postgres.kill();
    expect(await cut).toBeInstanceOf(Error);
    await stack.postgres.start();
    expect(await query(url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await stack.postgres.stop();
    await stack.postgres.start();
    expect(await query(url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('should pause a service that then answers nothing, and resume it', async () => {
    const leader = () => fetch(`http://${stack.consul.host}:${stack.consul.port}/v1/status/leader`, { signal: AbortSignal.timeout(500) });
    stack.consul.pause();
    await expect(leader()).rejects.toThrow('timeout');
    stack.consul.resume();
    expect(await until('it answers again', async () => (await leader()).status)).toBe(200);
  });

  it('should not control a service twice', async () => {
    await expect(stack.consul.start()).rejects.toThrow('running already');
    await stack.consul.stop();
    await stack.consul.stop();
    await expect(stack.consul.kill()).rejects.toThrow('not running');
    await stack.consul.start();
  });
});

it('should take from the shared stack what a private one is told to share', async () => {
  const stack = await privateStack({ kafka: true, postgres: true });
  expect(stack.kafka.url).toBe(sharedStack().kafka);
  expect(stack.postgres.url).toBe(sharedStack().postgres);
  expect(stack.consul.port).not.toBe(sharedStack().consul.port);
  await expect(stack.kafka.kill()).rejects.toThrow('not ours to control');
  await stack.stop();
});
