import { describe, expect, it } from 'vitest';
import { NoHealthyService, type ResolveOptions } from '../../../src/client/index.ts';
import { until } from '../../until.ts';
import { sampleNode } from '../graphql/memory-registry.ts';
import { startServer } from '../http/running-server.ts';
import { startClient } from './running-client.ts';
import { type Asked, oneService, startScripted } from './scripted-gateway.ts';

/** What `resolve` throws. */
async function failure(client: ReturnType<typeof startClient>['client'], capability: string, options?: ResolveOptions) {
  const error = await client.resolve(capability, options).catch((thrown: unknown) => thrown);
  if (!(error instanceof NoHealthyService)) throw new Error(`resolve did not fail so: ${error}`);
  return error;
}

describe('NoHealthyService', () => {
  it('should say who has it and is not well', async () => {
    const { registry, url } = await startServer();
    registry.put(sampleNode('n-1', { health: 'UNHEALTHY' }));
    const { client } = startClient(url);
    const { message, explanation } = await failure(client, 'database.query');
    expect(message).toMatch(/^There is no healthy service for "database.query"\. No node is handed out .* 1 UNHEALTHY/);
    expect(explanation?.withheld).toMatchObject([{ nodeId: 'n-1', reason: 'UNHEALTHY', explanation: expect.any(String) }]);
  });

  it('should suggest near names', async () => {
    const { registry, url } = await startServer();
    registry.put(sampleNode('n-1'));
    const { client } = startClient(url);
    expect((await failure(client, 'databse.query')).explanation?.suggestions).toContain('database.query');
  });

  it('should explain the whole request', async () => {
    const { registry, url } = await startServer();
    registry.put(sampleNode('n-1'));
    const { client } = startClient(url);
    const { explanation } = await failure(client, 'database.query', { types: ['compute'], versionRange: '^7', allOf: ['cooking'] });
    expect(registry.queries.at(-1)).toEqual({ capability: 'database.query', types: ['compute'], versionRange: '^7', allOf: ['cooking'] });
    expect(explanation?.withheld).toMatchObject([{ reason: 'WRONG_TYPE', explanation: expect.any(String) }]);
    expect(explanation?.summary).toContain('cooking');
  });

  it('should ask the gateway once for many who fail together, and do without where it does not say', async () => {
    let explained = 0;
    const { url } = await startScripted({
      answer: ({ query, next, fail }) => {
        if (!query.includes('explainDiscovery')) return next({ data: { healthyServices: [] } });
        explained += 1;
        return fail('GRAPHQL_VALIDATION_FAILED');
      },
    });
    const { client } = startClient(url);
    const failures = await Promise.all(Array.from({ length: 100 }, () => failure(client, 'x')));
    expect(failures.map(({ explanation }) => explanation)).toEqual(Array.from({ length: 100 }, () => null));
    expect(explained).toBe(1);
  });
});

describe('reportFailure', () => {
  async function reporting(answer: (asked: Asked, reports: readonly object[]) => void) {
    const reports: object[] = [];
    let now = 0;
    const { url } = await startScripted({
      answer: (asked) => {
        if (asked.query.includes('healthyServices')) return asked.next(oneService('n-1'));
        if (!asked.query.includes('reportFailure')) return asked.fail('UNEXPECTED');
        reports.push(asked.variables);
        return answer(asked, reports);
      },
    });
    const { client, lines } = startClient(url, { now: () => now });
    const service = await client.resolve('x');
    return {
      client,
      reports,
      lines,
      /** Reports a failure a while after the one before. */
      report: (error: unknown) => {
        now += 2000;
        client.reportFailure(service, error);
      },
      service,
    };
  }

  it('should tell the gateway, once for a series of failures', async () => {
    const { client, reports, report, service, lines } = await reporting(({ next }) =>
      next({ data: { reportFailure: { outcome: 'EJECTED' } } }),
    );
    report(new Error(`refused\u0000 \ud800${'x'.repeat(600)}`));
    for (let call = 0; call < 50; call += 1) client.reportFailure(service, new Error('again'));
    await until('it is told', () => lines.some((line) => line.includes('EJECTED')));
    expect(reports).toEqual([{ nodeId: 'n-1', reason: `refused  \ufffd${'x'.repeat(490)}` }]);
    report('text');
    await until('the next is told', () => reports.length === 2);
    expect(reports[1]).toEqual({ nodeId: 'n-1', reason: 'text' });
  });

  it.each(['GRAPHQL_VALIDATION_FAILED', 'FORBIDDEN', 'UNAUTHENTICATED'])(
    'should say once that the gateway takes none (%s), and trouble it no more',
    async (code) => {
      const { client, reports, report, lines } = await reporting(({ fail }) => fail(code));
      report(new Error('first'));
      await until('it is said', () => lines.some((line) => line.startsWith('warn the gateway takes no reports')));
      report(new Error('second'));
      expect(await client.resolve('x')).toMatchObject({ nodeId: 'n-1' });
      expect(reports).toHaveLength(1);
      expect(lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
    },
  );

  it('should go on reporting after an error that passes', async () => {
    const { reports, report, lines } = await reporting(({ fail }) => fail('LIMIT_EXCEEDED'));
    report(new Error('first'));
    await until('it failed', () => lines.some((line) => line.includes('could not be reported')));
    report(new Error('second'));
    await until('it is tried again', () => reports.length === 2);
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([]);
  });

  it('should do no harm without a gateway', async () => {
    const { client } = startClient('http://127.0.0.1:1/graphql');
    const service = { nodeId: 'n-1', serviceName: 's', address: null, port: null, version: null, url: null, endpoints: {} };
    expect(() => client.reportFailure(service, new Error('x'))).not.toThrow();
  });
});
