import { atMost } from '../bar.ts';
import type { Row } from '../row.ts';
import { workedOff } from './worked-off.ts';

/** A broadcast: every node says what it said before. */
export const unchanged: Row = {
  name: 'unchanged',
  title: '10,000 nodes answer a broadcast with unchanged content',
  async measure(rig) {
    // Applied: on a busy machine the health of some node changes at that moment.
    const outcomes = ['unchanged', 'applied'];
    const messages = { kind: 'announcement', topic: 'introspection', outcomes, times: 3, bar: 0.35 } as const;
    const { measurements, consulWrites } = await workedOff(rig, messages);
    return [...measurements, { what: 'writes to Consul meanwhile', figure: consulWrites, unit: 'calls', bar: atMost(0) }];
  },
};
