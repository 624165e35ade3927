import { describe, expect, it } from 'vitest';
import { planCheck } from '../../../src/consul/check-plan.ts';

const http = { kind: 'http', url: 'http://10.0.0.1/health' } as const;
const tcp = { kind: 'tcp', host: '10.0.0.1', port: 1 } as const;
const standing = (id: string, status: string, name = 'HTTP check') => ({ id, name, status });

describe('planCheck', () => {
  it("should give a new service Consul's own check id", () => {
    expect(planCheck('x', [], http, 'passing')).toEqual({ register: { id: 'service:x', name: 'HTTP check' }, drop: [] });
  });

  it('should keep a check whose status is the wanted one', () => {
    expect(planCheck('x', [standing('service:x', 'passing')], http, 'passing')).toEqual({
      register: { id: 'service:x', name: 'HTTP check' },
      drop: [],
    });
  });

  it('should replace a check whose status differs, and move back the next time', () => {
    expect(planCheck('x', [standing('service:x', 'critical')], http, 'passing')).toEqual({
      register: { id: 'service:x:2', name: 'HTTP check' },
      drop: ['service:x'],
    });
    expect(planCheck('x', [standing('service:x:2', 'critical')], http, 'passing')).toEqual({
      register: { id: 'service:x', name: 'HTTP check' },
      drop: ['service:x:2'],
    });
  });

  it('should replace a check of another kind', () => {
    expect(planCheck('x', [standing('service:x', 'passing')], tcp, 'passing')).toEqual({
      register: { id: 'service:x:2', name: 'TCP check' },
      drop: ['service:x'],
    });
  });

  it('should drop the check of a service that has none any more', () => {
    expect(planCheck('x', [standing('service:x', 'passing')], { kind: 'none' }, 'passing')).toEqual({
      register: null,
      drop: ['service:x'],
    });
  });

  it('should clear up after replacements that stopped half-way', () => {
    const left = [standing('service:x', 'critical'), standing('service:x:2', 'critical'), standing('service:x:3', 'critical')];
    expect(planCheck('x', left, http, 'passing')).toEqual({
      register: { id: 'service:x:4', name: 'HTTP check' },
      drop: ['service:x', 'service:x:2', 'service:x:3'],
    });
  });

  it('should leave the checks of others alone', () => {
    const others = [standing('_service_maintenance:x', 'critical'), standing('service:x:by-hand', 'critical')];
    expect(planCheck('x', others, { kind: 'none' }, 'passing').drop).toEqual([]);
  });
});
