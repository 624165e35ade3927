import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { type SchemaName, schemas } from '../../../src/contract/schemas.ts';

/** Every schema of the contract, ready to validate with. Strict: a keyword that Ajv does not know fails. */
export function validators(): Readonly<Record<SchemaName, ValidateFunction>> {
  // Formats and encodings say how to read a text; what they describe is not validated, as the dialect has it.
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: false, formats: { 'date-time': true } });
  const all = schemas();
  return {
    'node-introspection': ajv.compile(all['node-introspection']),
    'node-heartbeat': ajv.compile(all['node-heartbeat']),
    'node-acknowledgement': ajv.compile(all['node-acknowledgement']),
    'node-headers': ajv.compile(all['node-headers']),
    'introspection-request': ajv.compile(all['introspection-request']),
    'registration-accepted': ajv.compile(all['registration-accepted']),
    'registration-change': ajv.compile(all['registration-change']),
    'dead-letter': ajv.compile(all['dead-letter']),
    'gateway-headers': ajv.compile(all['gateway-headers']),
  };
}

/** Fails with what the schema has against the value. */
export function expectValid(validate: ValidateFunction, value: unknown): void {
  if (!validate(value)) expect.fail(`${JSON.stringify(value)}: ${JSON.stringify(validate.errors)}`);
}
