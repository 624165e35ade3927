import { once } from 'node:events';
import { type Kafka, Partitioners, type Producer, type ProducerRecord } from 'kafkajs';
import { atMost } from '../at-most.ts';
import { delay } from '../delay.ts';
import { EitherSignal } from '../either-signal.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { unlessAborted } from '../unless-aborted.ts';

/** Between two tries to connect. Milliseconds. */
const CONNECT_AGAIN = 1000;
/** A producer that fails so often in a row is replaced, whatever it believes. */
const FAILURES = 3;
/** kafkajs waits for brokers while it disconnects. Milliseconds. */
const DISCONNECT = 1500;

interface Client {
  readonly producer: Producer;
  isConnected: boolean;
  /** In a row, since it connected. */
  failures: number;
  readonly broken: AbortController;
  /** What is under way. */
  readonly sends: Set<Promise<unknown>>;
}

/**
 * A kafkajs producer that is replaced when it does not work. kafkajs never recovers where the first question on a connection was not
 * answered: it takes the connection for usable and refuses every send with "Broker not connected", for as long as the connection lasts.
 */
export class LastingProducer {
  readonly #kafka: Pick<Kafka, 'producer'>;
  readonly #log: Log;
  #client: Client;

  constructor(kafka: Pick<Kafka, 'producer'>, log: Log) {
    this.#kafka = kafka;
    this.#log = log;
    this.#client = this.#create();
  }

  /** Connects, however long Kafka takes to answer, and again with a new producer when one is broken, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const client = this.#client;
      try {
        await unlessAborted(client.producer.connect(), signal);
        client.isConnected = true;
        const either = new EitherSignal(signal, client.broken.signal);
        await aborted(either.signal);
        either.end();
        if (!signal.aborted) this.#log.warn({ failures: client.failures }, 'the Kafka producer does not work, replacing it');
      } catch {
        // Kafka's circuit tells of it: it is asked by others all the time.
        await delay(CONNECT_AGAIN, signal);
      }
      if (signal.aborted) return;
      this.#client = this.#create();
      void this.#end(client);
    }
  }

  /** Throws what kafkajs throws, at once while it is not connected. */
  async send(record: ProducerRecord): Promise<void> {
    const client = this.#client;
    const sending = client.producer.send(record);
    client.sends.add(sending);
    try {
      await sending;
      client.failures = 0;
    } catch (error) {
      if (client.isConnected) client.failures += 1;
      if (client.failures >= FAILURES) client.broken.abort();
      throw error;
    } finally {
      client.sends.delete(sending);
    }
  }

  async disconnect(): Promise<void> {
    await this.#client.producer.disconnect();
  }

  #create(): Client {
    const producer = this.#kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, allowAutoTopicCreation: false });
    return { producer, isConnected: false, failures: 0, broken: new AbortController(), sends: new Set() };
  }

  /** Not before what it sends has ended: a send that is cut off may still arrive, and nobody would know. */
  async #end({ producer, sends }: Client): Promise<void> {
    await Promise.allSettled(sends);
    try {
      await atMost(DISCONNECT, producer.disconnect());
    } catch (error) {
      this.#log.debug({ error: messageOf(error) }, 'could not disconnect a producer that was replaced');
    }
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
