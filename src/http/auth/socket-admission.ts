import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { accessProblem } from '../../graphql/access.ts';
import type { Asker } from '../../graphql/asker.ts';
import type { Log } from '../../log.ts';
import type { Askers } from '../askers.ts';
import { atTime } from './expiry.ts';
import { AccessRefusal, type RefusalReason } from './refusal.ts';

/**
 * graphql-transport-ws: forbidden. The stock client (graphql-ws) connects again after it, and asks its `connectionParams` function for
 * a token that still counts; after 4401 it would give up.
 */
const FORBIDDEN = 4403;
/** What fits into a close frame beside the code. Bytes. */
const MAX_REASON = 123;

export interface AdmissionOptions {
  readonly askers: Askers;
  readonly onTurnedAway: (reason: RefusalReason) => void;
  readonly log: Pick<Log, 'debug'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Who may open a socket: null for who may not, and then the socket is closed with a code that says why. A socket whose token expires is
 * closed at that moment.
 */
export function createAdmission({ askers, onTurnedAway, log, now }: AdmissionOptions) {
  return async (socket: WebSocket, request: IncomingMessage, parameters: Readonly<Record<string, unknown>>): Promise<Asker | null> => {
    try {
      const asker = await askers.ofSocket(request, parameters);
      // Whoever may not even read has no use for a socket.
      const problem = accessProblem(asker, 'query', now());
      if (problem !== null) throw AccessRefusal.of(problem);
      if (asker.expiresAt !== null && socket.readyState === WebSocket.OPEN) {
        socket.once(
          'close',
          atTime(asker.expiresAt, now, () => socket.close(FORBIDDEN, 'Forbidden: the token has expired')),
        );
      }
      return asker;
    } catch (error) {
      if (!(error instanceof AccessRefusal)) throw error;
      const { reason, message, closeCode } = error;
      onTurnedAway(reason);
      log.debug({ reason, address: request.socket.remoteAddress }, 'turned a WebSocket away');
      socket.close(closeCode, Buffer.from(`${PREFIX[closeCode] ?? ''}${message}`).subarray(0, MAX_REASON));
      return null;
    }
  };
}

/** How graphql-ws itself begins the reasons of these codes. */
const PREFIX: Readonly<Record<number, string>> = { 4401: 'Unauthorized: ', 4403: 'Forbidden: ', 1013: 'Try again later: ' };
