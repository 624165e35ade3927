import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../src/events/json.ts';
import { announced, rejected } from './message.ts';

const reached = (fields: JsonObject) => {
  const { address, port } = announced(fields).content;
  return { address, port };
};

describe('address', () => {
  it('should come from api, else from health, else from the first URL that has a host', () => {
    const first = 'grpc://first:50051';
    expect(reached({ endpoints: { first, health: 'http://health:1', api: 'http://api:2' } })).toEqual({ address: 'api', port: 2 });
    expect(reached({ endpoints: { first, health: 'http://health:1', metrics: 'http://m:3' } })).toEqual({ address: 'health', port: 1 });
    expect(reached({ endpoints: { socket: 'unix:///run/a.sock', first, second: 'http://s:4' } })).toEqual({
      address: 'first',
      port: 50051,
    });
    expect(reached({ endpoints: { api: 'unix:///run/a.sock', health: 'http://health:1' } })).toEqual({ address: 'health', port: 1 });
    expect(reached({ endpoints: { socket: 'unix:///run/a.sock' } })).toEqual({ address: null, port: null });
    expect(reached({ endpoints: {} })).toEqual({ address: null, port: null });
    expect(reached({})).toEqual({ address: null, port: null });
  });

  it.each([
    ['http://Orders.Local/x', 'orders.local', 80],
    ['https://h', 'h', 443],
    ['ws://h/y', 'h', 80],
    ['wss://h', 'h', 443],
    ['grpc://GRPC-host:50051', 'grpc-host', 50051],
    ['grpc://h', 'h', 80],
    ['grpcs://h', 'h', 443],
    ['redis://cache', 'cache', 6379],
    ['postgresql://db/x', 'db', 5432],
    ['zmq://h', 'h', null],
    ['http://[::1]:8080/', '::1', 8080],
    ['http://[2001:db8::1]/', '2001:db8::1', 80],
    ['grpc://[2001:DB8::1]:50051', '2001:db8::1', 50051],
    ['http://10.0.0.1:65535', '10.0.0.1', 65535],
    ['http://my_service:1?x=@y#z', 'my_service', 1],
    ['http://münchen.example/', 'xn--mnchen-3ya.example', 80],
    ['http://h:/', 'h', 80],
  ])('should be read from %s', (url, address, port) => {
    expect(announced({ endpoints: { api: url } }).content).toMatchObject({ address, port, endpoints: [{ name: 'api', url }] });
  });
});

describe('endpoints', () => {
  it('should be kept as announced, in order, without those that have no URL', () => {
    expect(announced({ endpoints: { b: 'http://b', none: null, empty: '', a: ' http://a ' } }).content.endpoints).toEqual([
      { name: 'b', url: 'http://b' },
      { name: 'a', url: 'http://a' },
    ]);
  });

  it('should also be taken as a list or as objects with a URL', () => {
    const expected = [
      { name: 'api', url: 'http://a:1' },
      { name: 'health', url: 'http://h:2' },
    ];
    expect(
      announced({
        endpoints: [
          { name: 'api', url: 'http://a:1' },
          { name: 'health', url: 'http://h:2' },
        ],
      }).content.endpoints,
    ).toEqual(expected);
    expect(
      announced({ endpoints: { api: { url: 'http://a:1', method: 'GET' }, health: { url: 'http://h:2' } } }).content.endpoints,
    ).toEqual(expected);
  });

  it('should count service_url as api unless there is one', () => {
    expect(announced({ service_url: 'http://s:1' }).content.endpoints).toEqual([{ name: 'api', url: 'http://s:1' }]);
    expect(announced({ service_url: 'http://s:1', endpoints: { api: 'http://a:1' } }).content.endpoints).toEqual([
      { name: 'api', url: 'http://a:1' },
    ]);
    expect(rejected({ service_url: 'nothing' }).reason).toMatch(/^service_url /);
  });

  it.each<[string, Json]>([
    ['a relative URL', '/health'],
    ['a host and port without scheme', 'localhost:8080/health'],
    ['a scheme without host', 'http://'],
    ['a scheme without host, but a path', 'http:///orders'],
    ['a port without host', 'http://:8080'],
    ['one slash', 'http:/orders'],
    ['no slash', 'http:orders'],
    ['words', 'not a url'],
    ['a space inside', 'http://h/a b'],
    ['a line break inside', 'http://h/a\nb'],
    ['a control character inside', 'http://h/\u0001'],
    ['back slashes', 'http:\\\\h'],
    ['IPv6 without brackets', 'http://::1:8080/'],
    ['several hosts', 'kafka://a:9092,b:9092'],
    ['a host that is none', 'grpc://a%20b:1'],
    ['a host of letters that DNS does not know', 'grpc://münchen:1'],
    ['a host that is too long', `http://${'a'.repeat(254)}`],
    ['more than 2,048 characters', `http://h/${'a'.repeat(2048)}`],
    ['credentials', 'http://user:password@h/'],
    ['a user', 'grpc://user@h:1'],
    ['code', 'javascript://h/%0aalert(1)'],
    ['a file', 'file:///etc/passwd'],
    ['words for another server', 'gopher://10.0.0.5:6379/_FLUSHALL'],
    ['words for another server, in capitals', 'DICT://10.0.0.5:11211/stats'],
    ['what is in an archive', 'jar:http://h//a.zip!/x'],
    ['a number', 8080],
    ['a list', ['http://h']],
    ['true', true],
    ['an object with a wrong URL', { url: 5 }],
  ])('should be rejected by name, without quoting the URL: %s', (_what, url) => {
    const rejection = rejected({ endpoints: { health: 'http://h:1', orders: url } });
    expect(rejection).toMatchObject({ errorType: 'INVALID_ENDPOINT', reason: expect.stringMatching(/^endpoints\.orders /) });
    expect(rejection.reason).not.toContain('password');
  });

  it.each(['http://h:0', 'http://h:65536', 'grpc://h:99999', 'http://h:-1', 'http://h:http', 'http://[::1]:70000', 'zmq://h:0'])(
    'should be rejected as INVALID_PORT: %s',
    (url) => {
      expect(rejected({ endpoints: { api: url } })).toMatchObject({
        errorType: 'INVALID_PORT',
        reason: 'endpoints.api has a port that is not a number from 1 to 65535.',
      });
    },
  );

  it.each<[string, Json]>([
    ['a text', 'http://h'],
    ['a number', 5],
    ['a list of URLs', ['http://h']],
    ['a list with a dangerous name', [{ name: '__proto__', url: 'http://h' }]],
    [
      'a list with a name twice',
      [
        { name: 'a', url: 'http://h' },
        { name: 'a', url: 'http://h' },
      ],
    ],
    ['an empty name', { ' ': 'http://h' }],
    ['a name with a control character', { 'a\u0007': 'http://h' }],
    ['a long name', { ['a'.repeat(256)]: 'http://h' }],
  ])('should be rejected as a whole: %s', (_what, endpoints) => {
    expect(rejected({ endpoints }).errorType).toBe('INVALID_ENDPOINT');
  });

  it('should be rejected outside of the allow-list', () => {
    const rules = { endpointRefusal: (url: URL) => (url.hostname.endsWith('.local') ? null : 'is outside the endpoint allow-list') };
    expect(announced({ endpoints: { api: 'http://a.local' } }, rules).content.address).toBe('a.local');
    expect(rejected({ endpoints: { api: 'http://a.local', metrics: 'http://evil.example' } }, rules)).toMatchObject({
      errorType: 'INVALID_ENDPOINT',
      reason: 'endpoints.metrics is outside the endpoint allow-list.',
    });
    expect(rejected({ service_url: 'http://evil.example' }, rules).errorType).toBe('INVALID_ENDPOINT');
  });
});
