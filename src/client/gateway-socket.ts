import WebSocket from 'ws';

/**
 * `ws` in every version of Node: the one that came with Node 22 knows no deadline for its handshake, and Node 20 has none.
 *
 * @param handshakeTimeout milliseconds
 */
export function gatewaySocket(handshakeTimeout: number): new (address: string, protocols?: string | string[]) => WebSocket {
  return class GatewaySocket extends WebSocket {
    constructor(address: string, protocols?: string | string[]) {
      // A peer that is gone does not answer a close either; ws would wait 30 s for it, and hold the process as long.
      const options = { handshakeTimeout, closeTimeout: 2000, perMessageDeflate: false };
      super(address, protocols, options);
      // The client takes its own listener off when it gives up on a socket, and an error without one would end the process.
      this.on('error', () => undefined);
    }
  };
}
