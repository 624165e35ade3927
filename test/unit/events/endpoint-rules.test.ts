import { describe, expect, it } from 'vitest';
import { DENIED_BY_DEFAULT, EndpointRules } from '../../../src/events/endpoint-rules.ts';
import { rejected } from './message.ts';

const allows = (allow: string[], url: string) => new EndpointRules(allow).refusal(new URL(url)) === null;
const byDefault = new EndpointRules(['*'], DENIED_BY_DEFAULT);
const refusal = (url: string) => byDefault.refusal(new URL(url));
const METADATA = '169.254.169.254';

describe('what is allowed', () => {
  it.each([
    [['*'], 'http://169.254.169.254/latest', true],
    [[], 'http://a.example/', false],
    [['a.example'], 'http://a.example:8080/health', true],
    [['A.Example'], 'http://a.EXAMPLE/', true],
    [['a.example'], 'http://a.example./', true],
    [['a.example'], 'http://b.a.example/', false],
    [['*.example'], 'http://b.a.example/', true],
    [['*.example'], 'grpc://B.A.EXAMPLE/', true],
    [['*.example'], 'http://example/', false],
    [['*.example'], 'http://evilexample/', false],
    [['bücher.example'], 'http://xn--bcher-kva.example/', true],
    [['10.0.0.0/8'], 'http://10.255.0.1/', true],
    [['10.0.0.0/8'], 'http://11.0.0.1/', false],
    [['10.0.0.0/8'], 'http://10.example/', false],
    [['10.0.0.0/8'], 'http://[::ffff:10.1.1.1]/', true],
    // A translator may stand anywhere: only who allows its prefix means it.
    [['10.0.0.0/8'], 'http://[64:ff9b::10.1.1.1]/', false],
    [['0.0.0.0/0'], 'http://192.0.2.1/', true],
    [['::/0'], 'http://[2001:db8::1]/', true],
    [['fd00::/8'], 'http://[fd12::1]:80/', true],
    [['[fd00::]/8'], 'http://[fd12::1]:80/', true],
    [['::1'], 'http://[0:0:0:0:0:0:0:1]/', true],
    [['[::1]'], 'http://[::1]/', true],
    [['10.0.0.7'], 'grpc://0x0a.7:1/', true],
    [['https://*'], 'http://a.example/', false],
    [['https://*'], 'https://a.example/', true],
    [['grpc://10.0.0.0/8'], 'grpc://10.1.2.3:50051', true],
    [['x.example', '10.0.0.7'], 'http://10.0.0.7/', true],
  ])('should be judged by %j for %s: %s', (rules, url, allowed) => {
    expect(allows(rules, url)).toBe(allowed);
  });

  it.each(['10.0.0.0/33', 'a.example/8', '10.0.0.0/', 'http://', 'a b', 'a..*', '-a', '*.10.0.0.7', 'a.example:80', 'a?b', 'a@b', 'a#b'])(
    'should have no rule such as %j',
    (rule) => {
      expect(() => new EndpointRules([rule])).toThrow(RangeError);
      expect(() => new EndpointRules([], [rule])).toThrow(RangeError);
    },
  );
});

describe('what is denied by default', () => {
  it.each([
    ['link-local', [METADATA, '169.254.170.2', '[fe80::1]', '[febf::1]']],
    ['unspecified', ['0.0.0.0', '0', '0.1.2.3', '[::]']],
    ['multicast and broadcast', ['224.0.0.1', '239.255.255.250', '255.255.255.255', '[ff02::1]']],
    ['metadata elsewhere', ['[fd00:ec2::254]', '[fd00:ec2::23]', '100.100.100.200', '168.63.129.16', '192.0.0.192', '[fd20:ce::254]']],
    [
      'names',
      ['metadata.google.internal', 'METADATA.Google.Internal', 'metadata.google.internal.', 'metadata.azure.internal', 'instance-data'],
    ],
    [
      'numbers',
      ['2852039166', '0xa9fea9fe', '0xA9FEA9FE', '025177524776', '0xa9.254.0251.0xfe', '169.254.43518', '169.16689662', '169.254.169.254.'],
    ],
    [
      'IPv4 inside IPv6',
      ['[::ffff:169.254.169.254]', '[::ffff:a9fe:a9fe]', '[0:0:0:0:0:ffff:169.254.169.254]', '[::169.254.169.254]', '[::ffff:0:a9fe:a9fe]'],
    ],
    [
      'translators and tunnels',
      [
        '[64:ff9b::169.254.169.254]',
        '[64:ff9b:1::a9fe:a9fe]',
        '[2002:a9fe:a9fe::1]',
        '[2001:0:a9fe:a9fe::]',
        '[2001:0:1:2:3:4:5601:5601]',
        '[2001:db8::5efe:a9fe:a9fe]',
      ],
    ],
    ['percent and full width', ['%31%36%39.254.169.254', '１６９.254.169.254', '169。254。169。254', 'ⓜetadata.google.internal']],
  ])('should be refused in every spelling: %s', (_what, hosts) => {
    for (const host of hosts) {
      expect(refusal(`http://${host}/latest`), host).toContain('ENDPOINT_DENY');
      if (/^[\x20-\x7e]+$/.test(host)) expect(refusal(`grpc://${host}:50051`), `grpc ${host}`).toContain('ENDPOINT_DENY');
    }
  });

  it.each([
    '127.0.0.1',
    '[::1]',
    'localhost',
    '10.0.0.7',
    '192.168.1.1',
    '100.64.0.1',
    '[fd00::1]',
    '[2001:db8::1]',
    '[64:ff9b::8.8.8.8]',
    '169.253.0.1',
    'metadata.example',
    'unix:///run/a.sock',
  ])('should not be %s', (host) => {
    expect(refusal(host.includes('://') ? host : `http://${host}/`)).toBeNull();
  });

  it('should stand above what is allowed, and be replaced by an operator', () => {
    expect(new EndpointRules(['*', METADATA], DENIED_BY_DEFAULT).refusal(new URL(`http://${METADATA}`))).toContain('ENDPOINT_DENY');
    expect(new EndpointRules(['*'], []).refusal(new URL(`http://${METADATA}`))).toBeNull();
    const https = new EndpointRules(['*'], ['http://*']);
    expect(https.refusal(new URL('http://a.example'))).toBe('is refused by the rule http://* of the endpoint deny-list (ENDPOINT_DENY)');
    expect(https.refusal(new URL('https://a.example'))).toBeNull();
  });

  it('should hold for an address that a name leads to, whatever zone it has', () => {
    for (const address of [METADATA, 'fe80::1%eth0', '::ffff:169.254.1.1']) expect(byDefault.addressRefusal(address)).toContain('rule');
    expect(byDefault.addressRefusal('127.0.0.1')).toBeNull();
  });

  it('should keep an announcement out, with the place, the rule, and not the URL', () => {
    const rules = { endpointRefusal: (url: URL) => byDefault.refusal(url) };
    expect(
      rejected({ endpoints: { health: 'http://10.0.0.7/', api: 'http://[::ffff:169.254.169.254]/latest?key=secret' } }, rules),
    ).toMatchObject({
      errorType: 'INVALID_ENDPOINT',
      reason: 'endpoints.api is refused by the rule 169.254.0.0/16 of the endpoint deny-list (ENDPOINT_DENY).',
    });
    expect(rejected({ service_url: 'grpc://2852039166:1/' }, rules).reason).toContain('service_url is refused by the rule 169.254.0.0/16');
    // Userinfo, back slashes and spaces never get as far as the rules: parsers differ about them.
    for (const url of [
      'http://a.example@169.254.169.254/',
      'http://169.254.169.254\\@a.example/',
      'http://[fe80::1%25eth0]/',
      'http://169.254.\t169.254/',
    ]) {
      expect(rejected({ endpoints: { api: url } }, rules).errorType, url).toBe('INVALID_ENDPOINT');
    }
  });
});
