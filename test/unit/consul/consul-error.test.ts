import { describe, expect, it } from 'vitest';
import { consulError } from '../../../src/consul/consul-error.ts';
import { BackendError, RefusedError } from '../../../src/errors.ts';

const answered = (statusCode: number, body: unknown) =>
  Object.assign(new Error('consul: failed'), { isResponse: true, response: { statusCode, body, req: { token: 'hush' } } });

describe('consulError', () => {
  it("should refuse for good on 400, with Consul's text", () => {
    const error = consulError('register service "x"', answered(400, 'Invalid service address'));
    expect(error).toBeInstanceOf(RefusedError);
    expect(error.message).toBe('Consul refused to register service "x": Invalid service address (HTTP 400)');
  });

  it('should be retried, with what to do, when the token may not', () => {
    const error = consulError('register service "x"', answered(403, Buffer.from('Permission denied')));
    expect(error).toBeInstanceOf(BackendError);
    expect(error.message).toContain('Permission denied (HTTP 403)');
    expect(error.message).toContain('CONSUL_HTTP_TOKEN needs the policy of its mode: deploy/consul');
  });

  it('should be retried on 429, 500 and no answer at all', () => {
    expect(consulError('x', answered(429, ''))).toBeInstanceOf(BackendError);
    expect(consulError('x', answered(429, '')).message).toContain('http_max_conns_per_client');
    expect(consulError('x', answered(500, 'No cluster leader')).message).toContain('No cluster leader (HTTP 500)');
    expect(consulError('x', new Error('socket hang up')).message).toContain('socket hang up');
  });

  it('should never keep the request, which holds the token', () => {
    for (const status of [400, 403, 429, 500]) expect(consulError('x', answered(status, 'no')).cause).toBeUndefined();
  });

  it('should cut what Consul repeats', () => {
    expect(consulError('x', answered(400, 'y'.repeat(100_000))).message.length).toBeLessThan(600);
  });

  it('should pass on an error of the catalogue', () => {
    const refused = new RefusedError('consul', 'taken');
    expect(consulError('x', refused)).toBe(refused);
  });
});
