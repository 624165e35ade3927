import type { Row } from '../row.ts';
import { workedOff } from './worked-off.ts';

export const heartbeats: Row = {
  name: 'heartbeats',
  title: 'heartbeats of 10,000 nodes',
  async measure(rig) {
    const { measurements } = await workedOff(rig, { kind: 'heartbeat', topic: 'heartbeat', outcomes: ['heartbeat'], times: 6, bar: 0.5 });
    return measurements;
  },
};
