import { availableParallelism, totalmem } from 'node:os';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import type { JsonObject } from '../events/json.ts';

const MEBIBYTE = 1024 ** 2;
const GIBIBYTE = 1024 ** 3;

/**
 * What this process may use. Only `current_*` may change while the node lives: everything else is content, and a changed content makes
 * the gateway register anew. Free memory is therefore not in here, and the memory is that of the container, where there is one.
 */
export function resourceLimits(): JsonObject {
  return {
    cpu_cores_available: availableParallelism(),
    memory_available_gb: rounded(memoryLimit() / GIBIBYTE),
    current_memory_usage_mb: rounded(process.memoryUsage.rss() / MEBIBYTE),
  };
}

/** Bytes. */
function memoryLimit(): number {
  const constrained = process.constrainedMemory();
  // 0, or more than the machine has, both mean "no limit".
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** What the process used since the last reading; CPU in percent of the cores it may use. */
export class UsageMeter {
  #cpu = process.cpuUsage();
  #readAt = performance.now();

  read(): JsonObject {
    const elapsed = Math.max(performance.now() - this.#readAt, 1);
    const spent = process.cpuUsage(this.#cpu);
    this.#cpu = process.cpuUsage();
    this.#readAt = performance.now();
    const memory = process.memoryUsage.rss();
    return {
      cpu_percent: rounded(Math.min(100, (100 * (spent.user + spent.system)) / 1000 / elapsed / availableParallelism())),
      memory_mb: rounded(memory / MEBIBYTE),
      memory_percent: rounded(Math.min(100, (100 * memory) / memoryLimit())),
    };
  }
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
