import { stringify } from 'yaml';
import { asyncapi } from './asyncapi.ts';
import { schemas } from './schemas.ts';

const HEADER = '# Printed from src/contract by `npm run contract`: change it there.\n';

/** What `contract/` holds: path within it, and text. */
export function contractFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['asyncapi.yaml', HEADER + stringify(asyncapi(), { lineWidth: 140 })],
    ...Object.entries(schemas()).map(([name, schema]) => [`schemas/${name}.json`, `${JSON.stringify(schema, null, 2)}\n`] as const),
  ]);
}
