import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readKeyFile } from '../../src/config/claims.ts';
import type { Claim } from '../../src/events/claim.ts';
import { SIGNATURE_HEADER, sign, signingKey } from '../../src/events/signature.ts';
import type { UnsignedMessages } from '../../src/events/signature-rules.ts';
import { SignatureGuard } from '../../src/signature-guard.ts';
import { KEPT_AT, KEPT_AT_MICROS, message } from './events/message.ts';
import { SECRET } from './events/signing.ts';
import { nodeId } from './registry/fakes/messages.ts';
import { recordedLog } from './registry/fakes/recorded-log.ts';

const HOUR = 3_600_000;
const heard = message('{"node_id":"orders-1"}');
const claim = (id = 'orders-1', said: number | null = KEPT_AT_MICROS): Claim => ({
  kind: 'heartbeat',
  nodeId: nodeId(id),
  type: 'effect',
  said,
});
const keysWith = (secret: string) => JSON.stringify([{ kid: 'orders', alg: 'hmac-sha256', secret, nodeId: 'orders-1' }]);

describe('SignatureGuard', () => {
  let folder = '';
  let path = '';

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'signature-guard-'));
    path = join(folder, 'keys.json');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function newGuard(unsigned: UnsignedMessages, text: string | null = null) {
    const { log, lines } = recordedLog();
    let now = KEPT_AT;
    if (text !== null) writeFileSync(path, text);
    const keyFile = text === null ? null : { path, ...readKeyFile(path) };
    const guard = new SignatureGuard({
      config: { unsigned, keyFile },
      typeOf: () => undefined,
      memory: 14 * 24 * HOUR,
      now: () => now,
      log,
    });
    const wait = (milliseconds: number) => {
      now += milliseconds;
    };
    return { guard, lines, wait };
  }

  /** The message signed with the key "orders" of this secret. */
  const signed = (secret: string) => ({ ...heard, headers: { [SIGNATURE_HEADER]: sign(signingKey({ kid: 'orders', secret }), heard) } });

  it('should not be needed where it would accept everything', () => {
    expect(newGuard('accept').guard.isNeeded()).toBe(false);
    expect(newGuard('warn').guard.isNeeded()).toBe(true);
    expect(newGuard('accept', '[]').guard.isNeeded()).toBe(true);
  });

  it('should warn of an unsigned node once an hour, not with every heartbeat', () => {
    const { guard, lines, wait } = newGuard('warn');
    for (let beat = 0; beat < 130; beat++) {
      guard.judge(heard, claim());
      wait(30_000);
    }
    expect(lines).toHaveLength(2);
    expect(guard.counts).toMatchObject({ unsigned: 130, valid: 0 });
  });

  it('should not fill the log with nodes that somebody invents', () => {
    const { guard, lines, wait } = newGuard('warn');
    for (let index = 0; index < 3000; index++) guard.judge(heard, claim(`invented-${index}`));
    expect(lines).toHaveLength(1000);
    wait(HOUR);
    guard.judge(heard, claim('another'));
    expect(lines).toHaveLength(1001);
  });

  it('should say nothing of what it accepts unless it was asked to', () => {
    const { guard, lines } = newGuard('accept', '[]');
    expect(guard.judge(heard, claim())).toEqual({ outcome: 'unsigned' });
    expect(lines).toEqual([]);
  });

  it('should count what came of signatures, and say that a clock may be wrong', () => {
    const { guard, lines } = newGuard('accept', keysWith(SECRET));
    guard.judge(signed(SECRET), claim());
    guard.judge(signed(SECRET), claim('orders-1', KEPT_AT_MICROS - HOUR * 1000));
    guard.judge(signed(`other ${SECRET}`), claim());
    guard.judge(heard, claim());
    guard.judge(signed(SECRET), claim('stranger'));
    expect(guard.counts).toEqual({
      valid: 1,
      unsigned: 0,
      unverified: 0,
      stale: 1,
      refused_unsigned: 1,
      refused_unknown_key: 0,
      refused_invalid: 2,
    });
    expect(lines).toHaveLength(1);
  });

  it('should take over the keys of a file that changed, and keep those from before where it is broken', () => {
    const { guard, lines } = newGuard('reject', keysWith(SECRET));
    const outcome = (secret: string) => guard.judge(signed(secret), claim()).outcome;
    guard.reload();
    expect(lines).toEqual([]);
    writeFileSync(path, keysWith(`new ${SECRET}`));
    guard.reload();
    expect([outcome(SECRET), outcome(`new ${SECRET}`)]).toEqual(['refused', 'valid']);
    for (const broken of ['[', keysWith('hunter2')]) {
      writeFileSync(path, broken);
      guard.reload();
      guard.reload();
      expect(outcome(`new ${SECRET}`)).toBe('valid');
    }
    rmSync(path);
    guard.reload();
    guard.reload();
    expect(outcome(`new ${SECRET}`)).toBe('valid');
    expect(lines).toHaveLength(4);
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  });

  it('should say that the file changed between its start and its first look', () => {
    const { guard, lines } = newGuard('reject', keysWith(SECRET));
    writeFileSync(path, keysWith(`new ${SECRET}`));
    guard.reload();
    expect(lines.map(({ msg }) => msg)).toEqual(['the signing keys changed']);
    expect(guard.judge(signed(SECRET), claim()).outcome).toBe('refused');
  });

  it('should know whether this gateway itself would be refused', () => {
    const { guard } = newGuard('reject', keysWith(SECRET));
    expect(guard.selfDemand('gateway-1', false)).toBe('UNSIGNED_MESSAGES is reject');
    expect(guard.selfDemand('gateway-1', true)).toBeNull();
    expect(newGuard('accept', keysWith(SECRET)).guard.selfDemand('gateway-1', false)).toBeNull();
    expect(newGuard('accept', keysWith(SECRET)).guard.selfDemand('orders-1', false)).toBe('the node orders-1 has a key');
  });
});
