import type { Endpoint } from './announcement.ts';
import { type EndpointRefusal, readEndpointUrl } from './endpoint-url.ts';
import { fieldName, read, TEXT_MAX_LENGTH } from './field.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { hasControlCharacter } from './node-id.ts';
import { describe, shownName } from './path.ts';
import { isLongerThan } from './text-length.ts';
import { Unacceptable } from './unacceptable.ts';

/** Where a node can be reached. */
export interface Endpoints {
  /** In the announced order. */
  readonly list: readonly Endpoint[];
  /** Host and port of `api`, else of `health`, else of the first URL that has a host. IPv6 without brackets. */
  readonly address: string | null;
  readonly port: number | null;
  /** Whether the URL in `service_url` is one of the list. */
  readonly hasServiceUrl: boolean;
}

const SERVICE_URL = fieldName('service_url');
const API = 'api';
const HEALTH = 'health';

interface Reached extends Endpoint {
  readonly host: string | null;
  readonly port: number | null;
}

/**
 * The node's endpoints: an object of name and URL (or a list of `{name, url}`), and `service_url` as `api` where there is no such name.
 * Entries without a URL (null, empty) are left out. Throws Unacceptable INVALID_ENDPOINT or INVALID_PORT.
 */
export function readEndpoints(payload: JsonObject, path: string, refusalOf: EndpointRefusal | undefined): Endpoints {
  const found: Reached[] = [];
  const names = new Set<string>();
  const add = (name: string, value: Json, place: string) => {
    const text = isJsonObject(value) ? (value['url'] ?? null) : value;
    if (text === null || text === '') return;
    if (typeof text !== 'string') throw new Unacceptable('INVALID_ENDPOINT', `${place} is ${describe(text)}, not a URL.`);
    checkName(name, place);
    if (names.has(name)) throw new Unacceptable('INVALID_ENDPOINT', `${place} is announced twice.`);
    names.add(name);
    found.push({ name, url: text.trim(), ...readEndpointUrl(text.trim(), place, refusalOf) });
  };

  const announced = payload['endpoints'] ?? null;
  if (Array.isArray(announced)) {
    announced.forEach((item: Json, index) => {
      const name = isJsonObject(item) ? item['name'] : null;
      if (typeof name !== 'string') throw new Unacceptable('INVALID_ENDPOINT', `${path}endpoints[${index}] has no name.`);
      add(name, item, `${path}endpoints.${shownName(name)}`);
    });
  } else if (isJsonObject(announced)) {
    for (const [name, value] of Object.entries(announced)) add(name, value, `${path}endpoints.${shownName(name)}`);
  } else if (announced !== null && announced !== '') {
    throw new Unacceptable('INVALID_ENDPOINT', `${path}endpoints is ${describe(announced)}, not an object of name and URL.`);
  }
  const hasServiceUrl = named(found, API) === undefined;
  if (hasServiceUrl) add(API, read(payload, SERVICE_URL), `${path}service_url`);

  const { host = null, port = null } =
    withHost(named(found, API)) ?? withHost(named(found, HEALTH)) ?? found.find((endpoint) => endpoint.host !== null) ?? {};
  return { list: found.map(({ name, url }) => ({ name, url })), address: host, port, hasServiceUrl };
}

function named(endpoints: readonly Reached[], name: string): Reached | undefined {
  return endpoints.find((endpoint) => endpoint.name.toLowerCase() === name);
}

function withHost(endpoint: Reached | undefined): Reached | undefined {
  return endpoint === undefined || endpoint.host === null ? undefined : endpoint;
}

/** Names become keys of objects further on, in a list as well. */
function checkName(name: string, place: string): void {
  const isUnsafe = name === '__proto__' || name === 'constructor' || name === 'prototype';
  if (isUnsafe || name.trim() === '' || hasControlCharacter(name) || isLongerThan(name, TEXT_MAX_LENGTH)) {
    throw new Unacceptable('INVALID_ENDPOINT', `${place} is no name for an endpoint.`);
  }
}
