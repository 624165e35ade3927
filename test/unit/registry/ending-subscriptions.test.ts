import { describe, expect, it } from 'vitest';
import { toCursor } from '../../../src/registry/cursor.ts';
import { change, record } from './fakes/node-record.ts';
import { settle, take, useGateways } from './running-feed.ts';

const gateways = useGateways();
const many = (count: number, from = 0) => Array.from({ length: count }, (_, index) => change(record(`n${from + index}`)));

describe('return', () => {
  it('should end a subscription at once while it waits', async () => {
    const gateway = await gateways.start();
    const events = gateways.subscribe(gateway);
    const next = events.next();
    await settle();
    expect(gateway.subscriptions.open()).toBe(1);
    await events.return();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(gateway.subscriptions.open()).toBe(0);
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it('should end one that was never read, and one in the middle of a page', async () => {
    const gateway = await gateways.start();
    await gateway.commit(...many(10));
    await gateways.subscribe(gateway).return();
    const events = gateways.subscribe(gateway, { after: toCursor(0) });
    await take(events, 3);
    expect(gateway.subscriptions.open()).toBe(1);
    await events.return();
    expect(gateway.subscriptions.open()).toBe(0);
  });

  it('should end a set of services at once, whether it waits for a change or for others to join it', async () => {
    const gateway = await gateways.start();
    const services = gateway.subscriptions.healthyServices({ capability: 'database.query' });
    await take(services, 1);
    const waiting = services.next();
    await settle();
    await services.return();
    expect((await waiting).done).toBe(true);
    const coalescing = gateway.subscriptions.healthyServices({ capability: 'database.query' });
    await take(coalescing, 1);
    const next = coalescing.next();
    await gateway.commit('a');
    await coalescing.return();
    expect((await next).done).toBe(true);
    expect(gateway.subscriptions.open()).toBe(0);
  });

  it('should pass on an error that is thrown in, and end', async () => {
    const gateway = await gateways.start();
    const events = gateways.subscribe(gateway, { snapshot: true });
    await take(events, 1);
    await expect(events.throw(new Error('enough'))).rejects.toThrow('enough');
    expect(gateway.subscriptions.open()).toBe(0);
  });
});
