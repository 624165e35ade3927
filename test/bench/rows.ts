import type { Row } from './row.ts';
import { fanOutRow } from './rows/fan-out.ts';
import { healthyServices } from './rows/healthy-services.ts';

/** In the order in which they run: those that need the same large fleet come together, and those that take back ends away come last. */
export const ROWS: readonly Row[] = [healthyServices, fanOutRow];
