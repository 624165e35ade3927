import type { ClientLogger } from './client-logger.ts';
import { REPORT_FAILURE } from './documents.ts';
import { DiscoveryError, messageOf, passes } from './errors.ts';
import type { Link } from './link.ts';
import type { Service } from './service.ts';
import type { Session } from './session.ts';

/** Reports of one node within this time are one: the gateway looks at it every 2 s by itself as soon as it is asked for. Milliseconds. */
const INTERVAL = 2000;
/** As long as a gateway takes it. */
const MAX_REASON = 500;
const TIMEOUT = 5000;
/** Of one report. Any other error than these, and those that pass, would come with every report. */
const OF_ONE_REPORT: ReadonlySet<string> = new Set(['LIMIT_EXCEEDED', 'NODE_NOT_FOUND']);

/** Tells the gateway of failed calls, where it is there and takes it. What it does not take is no error: the client avoids the instance anyway. */
export class FailureReports {
  readonly #link: Link;
  readonly #logger: ClientLogger;
  readonly #now: () => number;
  /** Node id → when it was last reported; the oldest first. */
  readonly #sent = new Map<string, number>();
  /** The connection whose gateway takes none. */
  #vain: Session | null = null;
  #isTold = false;

  constructor(link: Link, logger: ClientLogger, now: () => number) {
    this.#link = link;
    this.#logger = logger;
    this.#now = now;
  }

  /** Returns at once, and never throws. */
  report({ nodeId }: Service, error: unknown): void {
    const { session } = this.#link;
    if (session === null || session === this.#vain || !this.#isDue(nodeId)) return;
    // The gateway refuses control characters and broken Unicode.
    const reason = messageOf(error)
      .replaceAll(/\p{Cc}/gu, ' ')
      .slice(0, MAX_REASON)
      .toWellFormed();
    session.ask({ query: REPORT_FAILURE, variables: { nodeId, reason } }, TIMEOUT).then(
      (answer) => this.#logger.debug({ nodeId, answer }, 'reported a failed service'),
      (refusal) => this.#fail(session, nodeId, refusal),
    );
  }

  #isDue(nodeId: string): boolean {
    const now = this.#now();
    for (const [id, at] of this.#sent) {
      if (at > now - INTERVAL) break;
      this.#sent.delete(id);
    }
    if (this.#sent.has(nodeId)) return false;
    this.#sent.set(nodeId, now);
    return true;
  }

  #fail(session: Session, nodeId: string, error: unknown): void {
    const details = { nodeId, gateway: session.url, error: messageOf(error) };
    if (error instanceof DiscoveryError && !passes(error) && !OF_ONE_REPORT.has(error.code)) {
      this.#vain = session;
      if (!this.#isTold)
        this.#logger.warn(details, 'the gateway takes no reports of failed services from this client; will only avoid them');
      this.#isTold = true;
    } else {
      this.#logger.debug(details, 'a failed service could not be reported; will go on avoiding it');
    }
  }
}
