import { type logCreator, logLevel } from 'kafkajs';
import type { KafkaConfig } from '../config/kafka.ts';
import type { Log } from '../log.ts';
import { explained, KAFKA_TLS } from '../tls-fault.ts';

/** What a broker does that wants TLS, or a login, from whoever comes without: no error says more. */
const HANGS_UP = 'Closed connection';

/**
 * What kafkajs complains of, in the gateway's log, and the last of it to be asked for: kafkajs tries again for minutes within one call, whose
 * caller learns nothing but that no answer came.
 */
export class Complaints {
  readonly #config: Pick<KafkaConfig, 'ssl' | 'sasl'>;
  readonly #log: Log;
  readonly #now: () => number;
  #last: { readonly text: string; readonly at: number } | null = null;

  /** `now` in milliseconds, of a clock that is never set. */
  constructor(config: Pick<KafkaConfig, 'ssl' | 'sasl'>, log: Log, now: () => number) {
    this.#config = config;
    this.#log = log;
    this.#now = now;
  }

  /** The last one since that moment; null: there was none. */
  since(moment: number): string | null {
    return this.#last !== null && this.#last.at >= moment ? this.#last.text : null;
  }

  /** For kafkajs. Its errors are retried by it, so they are warnings here. */
  readonly logCreator: logCreator = () => (entry) => {
    const { message, error, broker, topic, groupId } = entry.log;
    const line = { namespace: entry.namespace, error: typeof error === 'string' ? error : undefined, broker, topic, groupId };
    const text = this.#explained(message);
    if (entry.level > logLevel.WARN) {
      this.#log.debug(line, `kafkajs: ${text}`);
      return;
    }
    this.#last = { text, at: this.#now() };
    this.#log.warn(line, `kafkajs: ${text}`);
  };

  #explained(message: string): string {
    const lacking = [
      this.#config.ssl === null ? 'TLS (set KAFKA_SSL=true)' : '',
      this.#config.sasl === null ? 'a login (KAFKA_SASL_MECHANISM)' : '',
    ]
      .filter((part) => part !== '')
      .join(' or ');
    if (message === HANGS_UP && lacking !== '') return `${message}: a broker that hangs up at the first word may want ${lacking}`;
    return explained(message, KAFKA_TLS);
  }
}
