import { within } from './deadline.ts';
import { messageOf } from './error-message.ts';
import { type KafkaClient, type KafkaProducer, type OutgoingMessage, PRODUCER_CONFIG } from './kafka-client.ts';
import type { NodeLogger } from './node-logger.ts';

/**
 * After so many failures in a row it connects anew: kafkajs takes a connection for usable whose first question was not answered, and
 * refuses every message for as long as that connection lasts.
 */
const FAILURES = 3;
/** What closing the connection may take then. Milliseconds. */
const CLOSE = 1500;

/** Sends a node's messages. It connects with the first one, and again with the next one where that failed. */
export class Publisher {
  readonly #producer: KafkaProducer;
  readonly #logger: NodeLogger;
  readonly #timeout: number;
  #connection: Promise<void> | null = null;
  #connected = false;
  #pending = 0;
  /** In a row, since it connected. */
  #failures = 0;

  /** `timeout`: what one message may take, in milliseconds. */
  constructor(kafka: Pick<KafkaClient, 'producer'>, timeout: number, logger: NodeLogger) {
    this.#producer = kafka.producer(PRODUCER_CONFIG);
    this.#timeout = timeout;
    this.#logger = logger;
  }

  /** Messages that Kafka has neither taken nor refused, those past their deadline included. */
  get pending(): number {
    return this.#pending;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Whether Kafka took the message within the deadline. Says why not in the log; never throws. */
  async send(topic: string, message: OutgoingMessage): Promise<boolean> {
    try {
      await within(this.#timeout, `sending to ${topic}`, this.#deliver(topic, message));
      return true;
    } catch (error) {
      this.#logger.warn(
        { topic, correlation_id: message.headers['correlation_id'], error: messageOf(error) },
        'Kafka did not take a message',
      );
      return false;
    }
  }

  /** Closes the connection. Never throws. */
  async close(timeout: number): Promise<void> {
    if (this.#connection === null) return;
    try {
      await within(timeout, 'closing the producer', this.#producer.disconnect());
    } catch (error) {
      this.#logger.debug({ error: messageOf(error) }, 'the producer did not close cleanly');
    }
    this.#connection = null;
    this.#connected = false;
  }

  async #deliver(topic: string, message: OutgoingMessage): Promise<void> {
    this.#pending += 1;
    try {
      await this.#connect();
      await this.#send(topic, message);
    } finally {
      this.#pending -= 1;
    }
  }

  async #send(topic: string, message: OutgoingMessage): Promise<void> {
    try {
      await this.#producer.send({ topic, messages: [message] });
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      if (this.#failures >= FAILURES) {
        this.#failures = 0;
        await this.close(CLOSE);
      }
      throw error;
    }
  }

  async #connect(): Promise<void> {
    this.#connection ??= this.#producer.connect();
    const connection = this.#connection;
    try {
      await connection;
      this.#connected = true;
    } catch (error) {
      if (this.#connection === connection) this.#connection = null;
      throw error;
    }
  }
}
