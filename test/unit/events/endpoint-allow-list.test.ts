import { describe, expect, it } from 'vitest';
import { EndpointAllowList } from '../../../src/events/endpoint-allow-list.ts';

const allows = (rules: string[], url: string) => new EndpointAllowList(rules).allows(new URL(url));

describe('EndpointAllowList', () => {
  it.each([
    [['*'], 'http://169.254.169.254/latest', true],
    [[], 'http://a.example/', false],
    [['a.example'], 'http://a.example:8080/health', true],
    [['A.Example'], 'http://a.EXAMPLE/', true],
    [['a.example'], 'http://b.a.example/', false],
    [['*.example'], 'http://b.a.example/', true],
    [['*.example'], 'http://example/', false],
    [['*.example'], 'http://evilexample/', false],
    [['10.0.0.0/8'], 'http://10.255.0.1/', true],
    [['10.0.0.0/8'], 'http://11.0.0.1/', false],
    [['10.0.0.0/8'], 'http://10.example/', false],
    [['fd00::/8'], 'http://[fd12::1]:80/', true],
    [['::1'], 'http://[::1]/', true],
    [['https://*'], 'http://a.example/', false],
    [['https://*'], 'https://a.example/', true],
    [['grpc://10.0.0.0/8'], 'grpc://10.1.2.3:50051', true],
    [['x.example', '10.0.0.7'], 'http://10.0.0.7/', true],
  ])('should judge by %j that %s is allowed: %s', (rules, url, allowed) => {
    expect(allows(rules, url)).toBe(allowed);
  });

  it.each(['10.0.0.0/33', 'a.example/8', '10.0.0.0/', 'http://', 'a b', 'a..*', '-a'])('should refuse the rule %j', (rule) => {
    expect(() => new EndpointAllowList([rule])).toThrow(RangeError);
  });
});
