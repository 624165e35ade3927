import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf } from '../errors.ts';
import { DENIED_BY_DEFAULT, EndpointRules } from '../events/endpoint-rules.ts';
import { toNodeId } from '../events/node-id.ts';
import type { SigningSecret } from '../events/signature.ts';
import { faultOf } from '../events/signature-rules.ts';
import { isPairOf, NO_KEYS, readSigningKeys, type SigningKeys } from './signing-keys.ts';
import { list, optional } from './values.ts';

/** The node type under which gateways announce themselves. */
export const GATEWAY_TYPE = 'registry';

/** Checked here, so that wrong rules are reported with all other problems. `known`: words that stand for rules. */
const endpointRules = (fallback: string, known: Readonly<Record<string, readonly string[]>> = {}) =>
  list(fallback).transform((words, context) => {
    const rules = words.flatMap((word) => known[word.toLowerCase()] ?? [word]);
    for (const rule of rules) {
      try {
        new EndpointRules([rule]);
      } catch (error) {
        context.addIssue({ code: 'custom', message: messageOf(error) });
      }
    }
    return rules;
  });

/** Read with the rest, so that what is wrong in the file is reported with all other problems. */
const keyFile = z.string().transform((path, context) => {
  const { keys, digest, problems } = readKeyFile(path);
  for (const message of problems) context.addIssue({ code: 'custom', message });
  return { path, keys, digest };
});

export const claimsVariables = z.object({
  ENDPOINT_ALLOW: endpointRules('*'),
  ENDPOINT_DENY: endpointRules('default', { default: DENIED_BY_DEFAULT, none: [] }),
  SIGNING_KEYS_FILE: keyFile.optional(),
  UNSIGNED_MESSAGES: z.enum(['accept', 'warn', 'reject']).default('accept'),
  SELF_SIGNING_KEY: optional,
  SELF_SIGNING_KEY_FILE: optional,
});

type ClaimsVariables = z.output<typeof claimsVariables>;

export type ClaimsConfig = ReturnType<typeof claimsConfig>;

/** What nodes may claim: docs/claims.md. */
export function claimsConfig(e: ClaimsVariables) {
  return {
    endpoints: new EndpointRules(e.ENDPOINT_ALLOW, e.ENDPOINT_DENY),
    unsigned: e.UNSIGNED_MESSAGES,
    /** null: no keys are given. */
    keyFile: e.SIGNING_KEYS_FILE ?? null,
    /** What this gateway signs with; null: nothing. */
    selfSecret: readSelf(e).secret,
  };
}

/** What no single variable can be blamed for. */
export function claimsProblems(e: ClaimsVariables | undefined, gatewayId: string): readonly string[] {
  if (e === undefined) return [];
  const needsKeys = e.UNSIGNED_MESSAGES === 'reject' && e.SIGNING_KEYS_FILE === undefined;
  return [
    ...(needsKeys ? ['UNSIGNED_MESSAGES=reject needs SIGNING_KEYS_FILE: without keys no message could be accepted'] : []),
    ...readSelf(e).problems,
    ...selfProblems(e, gatewayId),
  ];
}

export interface KeyFileContent {
  readonly keys: SigningKeys;
  /** SHA-256 of the content, by which a change is noticed without holding the secrets twice; null where the file cannot be read. */
  readonly digest: string | null;
  readonly problems: readonly string[];
}

/** Also for a file that changed while the gateway runs. Where there is a problem, the keys are none. */
export function readKeyFile(path: string): KeyFileContent {
  try {
    const text = readFileSync(path, 'utf8');
    return { ...readSigningKeys(text), digest: createHash('sha256').update(text).digest('hex') };
  } catch (error) {
    return { keys: NO_KEYS, digest: null, problems: [messageOf(error)] };
  }
}

/** A key that may not sign for this gateway would have everything refused that it says. */
function selfProblems({ SIGNING_KEYS_FILE: file, SELF_SIGNING_KEY: kid }: ClaimsVariables, gatewayId: string): readonly string[] {
  const key = kid === undefined ? undefined : file?.keys.ring.get(kid);
  const nodeId = toNodeId(gatewayId);
  if (key === undefined || file === undefined || nodeId === undefined) return [];
  const fault = faultOf(key, { kind: 'introspection', nodeId, type: GATEWAY_TYPE }, { keys: file.keys.ring, typeOf: () => undefined });
  return fault === null ? [] : [`SELF_SIGNING_KEY: the key "${kid}" does not sign for ${gatewayId}, of the type ${GATEWAY_TYPE}: ${fault}`];
}

interface Self {
  readonly secret: SigningSecret | null;
  readonly problems: readonly string[];
}

function readSelf({ SIGNING_KEYS_FILE: file, SELF_SIGNING_KEY: kid, SELF_SIGNING_KEY_FILE: path }: ClaimsVariables): Self {
  if (kid === undefined)
    return path === undefined ? { secret: null, problems: [] } : wrong('SELF_SIGNING_KEY_FILE needs SELF_SIGNING_KEY, the kid of that key');
  const key = file?.keys.ring.get(kid);
  if (file === undefined || key === undefined) {
    return wrong(`SELF_SIGNING_KEY: "${kid}" is no kid of SIGNING_KEYS_FILE, by which gateways verify what this one says`);
  }
  if (path === undefined) {
    const secret = file.keys.secrets.get(kid);
    return secret === undefined
      ? wrong(`SELF_SIGNING_KEY: "${kid}" has no privateKey in SIGNING_KEYS_FILE; SELF_SIGNING_KEY_FILE may hold it`)
      : { secret, problems: [] };
  }
  try {
    const text = readFileSync(path, 'utf8').trim();
    const secret = key.alg === 'ed25519' ? { kid, privateKey: text } : { kid, secret: text };
    return isPairOf(secret, key.key)
      ? { secret, problems: [] }
      : wrong(`SELF_SIGNING_KEY_FILE: this is not the key "${kid}" of SIGNING_KEYS_FILE`);
  } catch (error) {
    return wrong(`SELF_SIGNING_KEY_FILE: ${messageOf(error)}`);
  }
}

function wrong(problem: string): Self {
  return { secret: null, problems: [problem] };
}
