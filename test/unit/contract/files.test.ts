import { cp, mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Ajv } from 'ajv';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readConfig } from '../../../src/config.ts';
import { asyncapi } from '../../../src/contract/asyncapi.ts';
import { channels } from '../../../src/contract/channels.ts';
import { staleFiles } from '../../../src/contract/check.ts';
import { contractFiles } from '../../../src/contract/files.ts';
import { schemas } from '../../../src/contract/schemas.ts';

const FOLDER = new URL('../../../contract/', import.meta.url);

it('should be current: npm run contract', async () => {
  expect(await staleFiles()).toEqual([]);
});

it('should say which file is missing, not current, or not its own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'contract-'));
  try {
    await cp(FOLDER, folder, { recursive: true });
    await unlink(join(folder, 'schemas/dead-letter.json'));
    await writeFile(join(folder, 'asyncapi.yaml'), 'asyncapi: 2.6.0\n');
    await writeFile(join(folder, 'schemas/left-over.json'), '{}\n');
    expect(await staleFiles(pathToFileURL(`${folder}/`))).toEqual([
      "contract/schemas/left-over.json is nobody's: remove it",
      'contract/asyncapi.yaml is not what src/contract says',
      'contract/schemas/dead-letter.json is missing',
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('should be an AsyncAPI 3.0 document, as the official schema of its authors has it', () => {
  const official: object = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0-without-$id.json');
  const ajv = new Ajv({ strict: false, validateFormats: false });
  const validate = ajv.compile(official);
  expect(validate(asyncapi()) ? [] : validate.errors).toEqual([]);
  expect(validate({ ...asyncapi(), channels: { one: { adress: 'x' } } })).toBe(false);
});

it('should be read back from YAML as it was written', () => {
  expect(parse(contractFiles().get('asyncapi.yaml') ?? '')).toEqual(asyncapi());
});

it('should lead somewhere with every reference of the document', () => {
  const document = asyncapi();
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference = '']) => reference);
  expect(references.length).toBeGreaterThan(30);
  const files = new Set(contractFiles().keys());
  const broken = references.filter((reference) =>
    reference.startsWith('#/') ? at(document, reference.slice(2).split('/')) === undefined : !files.has(reference.slice(2)),
  );
  expect(broken).toEqual([]);
  const used = new Set(references.filter((reference) => reference.startsWith('./')));
  expect([...used].sort()).toEqual(
    Object.keys(schemas())
      .map((name) => `./schemas/${name}.json`)
      .sort(),
  );
});

it('should have every topic of a gateway, each once', () => {
  const env = { KAFKA_BROKER_URL: 'kafka:9092', CONSUL_HOST: 'consul', DATABASE_URL: 'postgres://db/x', KAFKA_ENVIRONMENT: 'prod' };
  const { topics } = readConfig(env).kafka;
  const documented = channels().map(({ topic }) => topic.replace('{env}', 'prod'));
  expect([...documented].sort()).toEqual(Object.values(topics).flat().sort());
  expect(new Set(channels().map(({ key }) => key)).size).toBe(documented.length);
});

/** What stands at the end of a path. */
function at(value: unknown, path: readonly string[]): unknown {
  const object = z.record(z.string(), z.unknown());
  return path.reduce<unknown>((inner, key) => object.safeParse(inner).data?.[key], value);
}
