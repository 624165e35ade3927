import { describe, expect, it } from 'vitest';
import { acceptAt, compareOrder, isClamped } from '../../../src/registry/order.ts';
import { said, T0 } from './fakes/messages.ts';

const MINUTE = 60_000;
/** Said and received at these moments, in milliseconds after T0. */
interface Moment {
  readonly epoch?: number | null;
  readonly payloadAt?: number;
  readonly receivedAt?: number;
}
const accepted = (at: number, { epoch = null, payloadAt = at, receivedAt = at }: Moment = {}) =>
  acceptAt(said(at, epoch, payloadAt), T0 + receivedAt);

describe('acceptAt', () => {
  it('should keep a time up to 5 minutes ahead as it was said', () => {
    const message = accepted(5 * MINUTE, { receivedAt: 0 });
    expect(message).toEqual({
      epoch: null,
      time: (T0 + 5 * MINUTE) * 1000,
      payloadTime: (T0 + 5 * MINUTE) * 1000,
      rawTime: (T0 + 5 * MINUTE) * 1000,
      aheadTime: 0,
      receivedAt: T0,
    });
    expect(isClamped(message)).toBe(false);
  });

  it('should count a time further ahead as the time of arrival, and keep what was said', () => {
    const message = accepted(5 * MINUTE + 1, { receivedAt: 0 });
    expect(message).toMatchObject({ time: T0 * 1000, payloadTime: T0 * 1000, rawTime: (T0 + 5 * MINUTE + 1) * 1000 });
    expect(message.aheadTime).toBe(message.rawTime);
    expect(isClamped(message)).toBe(true);
  });

  it('should clamp a payload time alone when only that is ahead', () => {
    const message = accepted(0, { payloadAt: 10 * MINUTE });
    expect(message).toMatchObject({ time: T0 * 1000, payloadTime: T0 * 1000, rawTime: T0 * 1000 });
    expect(isClamped(message)).toBe(false);
  });
});

describe('compareOrder', () => {
  it.each([
    ['a higher epoch before everything else', accepted(0, { epoch: 2 }), accepted(1000, { epoch: 1 })],
    ['a later time at the same epoch', accepted(2, { epoch: 1 }), accepted(1, { epoch: 1 })],
    ['a later time where neither has an epoch', accepted(2), accepted(1)],
    ['a later time where only the message has an epoch', accepted(2, { epoch: 1 }), accepted(1)],
    ['a later time where only what is stored has an epoch', accepted(2), accepted(1, { epoch: 9 })],
    ['a later payload time at the same time', accepted(1, { payloadAt: 9 }), accepted(1, { payloadAt: 8 })],
    ['the time before the payload time', accepted(2, { payloadAt: 0 }), accepted(1, { payloadAt: 9 })],
  ])('should put first %s', (_, later, earlier) => {
    expect(compareOrder(later, earlier)).toBeGreaterThan(0);
    expect(compareOrder(earlier, later)).toBeLessThan(0);
  });

  it('should call a repeated message a tie', () => {
    expect(compareOrder(accepted(1, { epoch: 1 }), accepted(1, { epoch: 1, receivedAt: 7 }))).toBe(0);
  });

  it('should tell a later message of a clock that is ahead from a repeated one by what was said, not by when it arrived', () => {
    const stored = accepted(60 * MINUTE, { receivedAt: 0 });
    expect(compareOrder(accepted(61 * MINUTE, { receivedAt: 1 }), stored)).toBeGreaterThan(0);
    expect(compareOrder(accepted(60 * MINUTE, { receivedAt: MINUTE }), stored)).toBe(0);
    expect(compareOrder(accepted(59 * MINUTE, { receivedAt: 2 * MINUTE }), stored)).toBeLessThan(0);
  });

  it('should let a node whose clock was set right go on from the time of arrival', () => {
    const stored = accepted(60 * MINUTE, { receivedAt: 0 });
    expect(compareOrder(accepted(1), stored)).toBeGreaterThan(0);
    expect(compareOrder(accepted(-1), stored)).toBeLessThan(0);
  });
});
