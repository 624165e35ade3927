import { setTimeout as sleep } from 'node:timers/promises';
import type { Draw } from './draw.ts';
import { type Fault, seconds } from './fault.ts';
import type { Backend, Member } from './rig.ts';
import type { Toxic } from './toxiproxy.ts';

export function linkCut({ gateway, links }: Member, backend: Backend): Fault {
  return {
    name: `link to ${backend} cut`,
    targets: [`${gateway.id} ${backend}`],
    run: async (draw) => {
      if (draw.chance(40)) {
        const times = draw.integer(1, 5);
        for (let time = 0; time < times; time += 1) {
          await links[backend].sever();
          await sleep(draw.integer(100, 1000));
        }
        return `every connection of ${gateway.id} to ${backend} cut, ${times} times`;
      }
      const away = draw.integer(500, 8000);
      await links[backend].cut();
      await sleep(away);
      await links[backend].heal();
      return `${gateway.id} without ${backend} for ${seconds(away)}`;
    },
  };
}

export function linkPoisoned({ gateway, links }: Member, backend: Backend): Fault {
  return {
    name: `link to ${backend} stalls, slows or breaks half-way`,
    targets: [`${gateway.id} ${backend}`],
    run: async (draw) => {
      const toxic = drawToxic(draw);
      const away = draw.integer(1000, 8000);
      await links[backend].poison(toxic);
      await sleep(away);
      await links[backend].heal();
      const attributes = Object.entries(toxic.attributes).map(([name, value]) => `${name} ${value}`);
      return `${toxic.type} (${attributes.join(', ')}) ${toxic.stream} on ${toxic.toxicity * 100} % between ${gateway.id} and ${backend} for ${seconds(away)}`;
    },
  };
}

function drawToxic(draw: Draw): Toxic {
  const stream = draw.pick(['downstream', 'upstream'] as const);
  const toxicity = draw.pick([0.5, 1]);
  return draw.pick<Toxic>([
    // Nothing more arrives, and nobody says so.
    { type: 'timeout', stream, toxicity, attributes: { timeout: 0 } },
    // After so many bytes the connection ends: half-way through a request, or through its answer.
    { type: 'limit_data', stream, toxicity, attributes: { bytes: draw.integer(50, 20_000) } },
    { type: 'latency', stream, toxicity, attributes: { latency: draw.integer(100, 1500), jitter: 100 } },
    { type: 'slicer', stream, toxicity, attributes: { average_size: 100, size_variation: 90, delay: 1000 } },
    { type: 'bandwidth', stream, toxicity, attributes: { rate: draw.integer(2, 50) } },
    { type: 'reset_peer', stream, toxicity, attributes: { timeout: draw.integer(0, 500) } },
  ]);
}
