import { setMaxListeners } from 'node:events';
import { ATTACKS } from './attacks.ts';
import { Tally } from './tally.ts';

// One attack as a process of its own: `attacker.ts <kind> <port> <from> <connections>`, until its parent tells it to stop.
const [, , kind = '', port, from = '127.0.0.2', connections] = process.argv;
const { attack } = ATTACKS[kind] ?? {};
if (attack === undefined) throw new Error(`there is no attack called ${kind}`);
const stop = new AbortController();
// Each of its connections listens.
setMaxListeners(0, stop.signal);
const tally = new Tally();
process.on('message', () => stop.abort());
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });
await attack({ port: Number(port), from, connections: Number(connections), tally, stop: stop.signal });
process.send?.({ counts: Object.fromEntries(tally.counts) });
process.disconnect?.();
