import { Kafka, logLevel } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { Complaints } from '../../../src/kafka/complaints.ts';
import { pingKafka } from '../../../src/kafka/ping.ts';
import { createLog } from '../../../src/log.ts';

const PLAIN = { ssl: null, sasl: null };

/** Complaints at a time that the test sets, with what they logged. */
function complaints(config: ConstructorParameters<typeof Complaints>[0] = PLAIN) {
  const logged: string[] = [];
  const clock = { now: 0 };
  const log = createLog('debug', 'gateway-1', { write: (line) => logged.push(line) });
  const made = new Complaints(config, log, () => clock.now);
  const say = (level: logLevel, message: string, more: object = {}) =>
    made.logCreator(level)({ namespace: 'BrokerPool', level, label: '', log: { timestamp: '', message, ...more } });
  return { made, logged, clock, say };
}

describe('what kafkajs complains of', () => {
  it('should be in the log, with the broker, and no louder than a warning', () => {
    const { logged, say } = complaints();
    say(logLevel.ERROR, 'Connection error: connect ECONNREFUSED', { broker: 'kafka:9092', error: 'no' });
    expect(JSON.parse(logged[0] ?? '')).toMatchObject({
      level: 'warn',
      broker: 'kafka:9092',
      error: 'no',
      msg: 'kafkajs: Connection error: connect ECONNREFUSED',
    });
    say(logLevel.INFO, 'Starting');
    expect(JSON.parse(logged[1] ?? '')).toMatchObject({ level: 'debug', msg: 'kafkajs: Starting' });
  });

  it('should say what a certificate lacks, and what to do', () => {
    const { made, say } = complaints({ ssl: { caFile: null }, sasl: null });
    say(logLevel.ERROR, 'Connection error: Client network socket disconnected before secure TLS connection was established');
    expect(made.since(0)).toMatch(/^Kafka hung up in the middle of the handshake, .*: name its port for TLS, or set KAFKA_SSL=false/);
    say(logLevel.ERROR, 'Connection error: self-signed certificate in certificate chain');
    expect(made.since(0)).toBe(
      'the certificate of Kafka is signed by no CA that the gateway trusts: name a file with the certificate of that CA in KAFKA_SSL_CA_FILE (Connection error: self-signed certificate in certificate chain)',
    );
  });

  it.each([
    [PLAIN, 'may want TLS (set KAFKA_SSL=true) or a login (KAFKA_SASL_MECHANISM)'],
    [{ ssl: { caFile: null }, sasl: null }, 'may want a login (KAFKA_SASL_MECHANISM)'],
  ])('should say what a broker may want that hangs up', (config, expected) => {
    const { made, say } = complaints(config);
    say(logLevel.WARN, 'Closed connection');
    expect(made.since(0)).toBe(`Closed connection: a broker that hangs up at the first word ${expected}`);
  });

  it('should be told for as long as they are news', () => {
    const { made, clock, say } = complaints();
    expect(made.since(0)).toBeNull();
    clock.now = 10;
    say(logLevel.WARN, 'first');
    say(logLevel.INFO, 'not a complaint');
    expect([made.since(10), made.since(11)]).toEqual(['first', null]);
  });

  it('should be what a ping says beside that no answer came', async () => {
    const stop = new AbortController();
    const failures: string[] = [];
    const kafka = new Kafka({ clientId: 'ping', brokers: ['127.0.0.1:9'], logLevel: logLevel.NOTHING, retry: { retries: 0 } });
    const ask = async (call: () => Promise<void>) => {
      await call().catch((error: unknown) => {
        failures.push(String(error));
        stop.abort();
      });
    };
    await pingKafka(kafka, ask, () => undefined, { since: () => 'a bad certificate' }, stop.signal);
    expect(failures).toEqual([expect.stringMatching(/^BackendError: Kafka: .*ECONNREFUSED.*; kafkajs met: a bad certificate$/)]);
  });
});
