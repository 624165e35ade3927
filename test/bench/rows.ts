import type { Row } from './row.ts';
import { agentMode } from './rows/agent-mode.ts';
import { announcements } from './rows/announcements.ts';
import { breaker } from './rows/breaker.ts';
import { burst } from './rows/burst.ts';
import { catalogMode } from './rows/catalog-mode.ts';
import { dns } from './rows/dns.ts';
import { fanOutRow } from './rows/fan-out.ts';
import { fromSnapshot } from './rows/from-snapshot.ts';
import { healthyServices } from './rows/healthy-services.ts';
import { healthyServicesLarge } from './rows/healthy-services-large.ts';
import { heartbeats } from './rows/heartbeats.ts';
import { killedNode } from './rows/killed-node.ts';
import { memory } from './rows/memory.ts';
import { nodeLibrary } from './rows/node-library.ts';
import { openCircuit } from './rows/open-circuit.ts';
import { rate1000 } from './rows/rate-1000.ts';
import { readyAgain } from './rows/ready-again.ts';
import { soak } from './rows/soak.ts';
import { unchanged } from './rows/unchanged.ts';

/** In the order in which they run: rows that share a gateway come together. */
export const ROWS: readonly Row[] = [
  catalogMode,
  rate1000,
  soak,
  announcements,
  burst,
  agentMode,
  killedNode,
  healthyServices,
  fanOutRow,
  dns,
  nodeLibrary,
  openCircuit,
  breaker,
  healthyServicesLarge,
  unchanged,
  heartbeats,
  memory,
  readyAgain,
  fromSnapshot,
];
