import { beforeEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import { sampleNode, T0 } from './memory-registry.ts';
import { operations } from './operations.ts';

let { registry, run, codeOf } = operations();

beforeEach(() => {
  ({ registry, run, codeOf } = operations());
});

describe('requestIntrospection', () => {
  const ask = (args: string) => `mutation { requestIntrospection${args} { correlationId requestedAt expectedNodes } }`;

  beforeEach(() => {
    registry.put(sampleNode('n-1'));
    registry.put(sampleNode('n-2', { type: 'compute' }));
  });

  it('should ask one node, nodes of types, or all', async () => {
    const expected = { correlationId: 'r-1', requestedAt: '2026-11-24T13:29:00.000Z' };
    expect((await run(ask('(nodeId: "n-1", reason: "why")'))).data.requestIntrospection).toEqual({ ...expected, expectedNodes: 1 });
    expect((await run(ask('(nodeTypes: ["compute"])'))).data.requestIntrospection.expectedNodes).toBe(1);
    expect((await run(ask(''))).data.requestIntrospection.expectedNodes).toBe(2);
    expect(registry.introspections[0]).toEqual({ nodeId: 'n-1', nodeTypes: undefined, reason: 'why' });
  });

  it('should say who asked', async () => {
    await run(ask(''), {}, ' alice ');
    await run(ask(''));
    expect(registry.callers).toEqual([{ operator: 'alice' }, { operator: null }]);
  });

  it.each([
    ['(nodeId: "n-1", nodeTypes: ["effect"])', 'BAD_USER_INPUT'],
    ['(nodeTypes: [])', 'BAD_USER_INPUT'],
    ['(nodeTypes: [""])', 'BAD_USER_INPUT'],
    ['(nodeId: "")', 'BAD_USER_INPUT'],
    ['(nodeId: "never")', 'NODE_NOT_FOUND'],
    [`(reason: "${'x'.repeat(501)}")`, 'LIMIT_EXCEEDED'],
    ['(reason: "a\\u0000b")', 'BAD_USER_INPUT'],
    [`(nodeTypes: [${'"x",'.repeat(101)}])`, 'LIMIT_EXCEEDED'],
  ])('should refuse %s', async (args, code) => {
    expect(await codeOf(ask(args))).toBe(code);
  });

  it('should refuse an operator that cannot be written down', async () => {
    expect(await codeOf(ask(''), {}, 'a\u0007b')).toBe('BAD_USER_INPUT');
    expect(await codeOf(ask(''), {}, 'x'.repeat(256))).toBe('BAD_USER_INPUT');
    expect(registry.callers).toEqual([]);
  });
});

describe('deregister', () => {
  it('should remove the node and say where that stands in the log', async () => {
    registry.put(sampleNode('ghost'));
    const { data } = await run(
      'mutation { deregister(nodeId: "ghost", reason: "gone") { cursor correlationId node { state stateReason } } }',
      {},
      'bob',
    );
    expect(data.deregister).toEqual({
      cursor: '0000000000000002',
      correlationId: 'd-1',
      node: { state: 'REMOVED', stateReason: 'operator' },
    });
    expect(registry.log[1]?.operator).toBe('bob');
  });

  it.each([
    ['nodeId: "never"', 'NODE_NOT_FOUND'],
    ['nodeId: ""', 'BAD_USER_INPUT'],
    [`nodeId: "ghost", reason: "${'x'.repeat(501)}"`, 'LIMIT_EXCEEDED'],
  ])('should refuse %s', async (args, code) => {
    expect(await codeOf(`mutation { deregister(${args}) { cursor } }`)).toBe(code);
  });

  it('should say that a back end is away', async () => {
    registry.put(sampleNode('ghost'));
    registry.failure = new GatewayError('BACKEND_UNAVAILABLE', 'Consul does not answer');
    expect(await codeOf('mutation { deregister(nodeId: "ghost") { cursor } }')).toBe('BACKEND_UNAVAILABLE');
  });
});

describe('reportFailure', () => {
  const report = (args: string) => `mutation { reportFailure(${args}) { probed outcome output node { nodeId ejection { since error } } } }`;

  it('should say what the gateway found, and who asked', async () => {
    registry.put(sampleNode('n-1'));
    expect((await run(report('nodeId: "n-1", reason: "connection refused"'), {}, 'alice')).data.reportFailure).toEqual({
      probed: true,
      outcome: 'ANSWERING',
      output: 'HTTP GET: 200',
      node: { nodeId: 'n-1', ejection: null },
    });
    expect(registry.reports).toEqual([{ nodeId: 'n-1', reason: 'connection refused', key: 'address:127.0.0.1', operator: 'alice' }]);
  });

  it('should say that an instance is left out, and why', async () => {
    registry.put(sampleNode('n-1'));
    registry.ejections.set('n-1', { since: T0, error: 'refused', failures: 3, successesNeeded: 2, retryAt: T0 + 2000 });
    expect((await run(report('nodeId: "n-1"'))).data.reportFailure).toMatchObject({
      outcome: 'EJECTED',
      node: { ejection: { since: '2026-11-24T13:29:00.000Z', error: 'refused' } },
    });
    const { data } = await run('{ nodeById(nodeId: "n-1") { ejection { since error failures successesNeeded retryAt } } }');
    expect(data.nodeById.ejection).toEqual({
      since: '2026-11-24T13:29:00.000Z',
      error: 'refused',
      failures: 3,
      successesNeeded: 2,
      retryAt: '2026-11-24T13:29:02.000Z',
    });
  });

  it.each([
    ['nodeId: "never"', 'NODE_NOT_FOUND'],
    ['nodeId: " "', 'BAD_USER_INPUT'],
    ['nodeId: "n-1", reason: "a\\u0000b"', 'BAD_USER_INPUT'],
    [`nodeId: "n-1", reason: "${'x'.repeat(501)}"`, 'LIMIT_EXCEEDED'],
  ])('should refuse %s', async (args, code) => {
    expect(await codeOf(report(args))).toBe(code);
  });
});
