import { describe, expect, it } from 'vitest';
import { isOriginAllowed } from '../../../src/http/origin.ts';

describe('the origin of a request', () => {
  it.each<[string | undefined, string | undefined, readonly string[], boolean]>([
    [undefined, 'gateway:8080', [], true],
    ['http://gateway:8080', 'gateway:8080', [], true],
    ['http://GATEWAY:8080', 'Gateway:8080', [], true],
    ['https://gateway.example', 'gateway.example', [], true],
    ['http://evil.example', 'gateway:8080', [], false],
    ['http://gateway:8081', 'gateway:8080', [], false],
    ['http://gateway:8080', undefined, [], false],
    ['null', 'gateway:8080', [], false],
    ['https://dashboard.example', 'gateway:8080', ['https://dashboard.example'], true],
    ['https://dashboard.example.evil', 'gateway:8080', ['https://dashboard.example'], false],
  ])('should judge %s at %s with %j: %s', (origin, host, allowed, expected) => {
    expect(isOriginAllowed(origin, host, allowed)).toBe(expected);
  });
});
