import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readSigningKeys } from '../../src/config/signing-keys.ts';
import { DENIED_BY_DEFAULT } from '../../src/events/endpoint-rules.ts';
import { bytesToSign, isSignedWith, publicKey, readSignature, secretKey } from '../../src/events/signature.ts';
import { bytes } from './events/message.ts';

const page = readFileSync(new URL('../../docs/claims.md', import.meta.url), 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, text = '']) => text.trim());
const found = (pattern: RegExp) => pattern.exec(page)?.[1] ?? expect.fail(`docs/claims.md has no ${pattern}`);

describe('docs/claims.md', () => {
  it('should list what is denied by default, and nothing else', () => {
    const table = page.slice(page.indexOf('Denied by default:'), page.indexOf('`ENDPOINT_DENY=default,127'));
    const rules = [...table.matchAll(/`([^`]+)`/g)].map(([, rule]) => rule);
    expect(rules.toSorted()).toEqual([...DENIED_BY_DEFAULT].toSorted());
  });

  it('should show a key file that works', () => {
    const { keys, problems } = readSigningKeys(blocks('json')[0] ?? '');
    expect(problems).toEqual([]);
    expect(keys.ring.size()).toBe(4);
  });

  it('should have test vectors that hold', () => {
    const topic = found(/All with the topic `([^`]+)`/);
    const value = bytes(blocks('json')[1] ?? '');
    expect(value.byteLength).toBe(Number(found(/The value is these (\d+) bytes/)));
    const hmac = secretKey(found(/secret of `orders-2026` is\s+`([^`]+)`/));
    const ed25519 = publicKey(Buffer.from(found(/public `([0-9a-f]{64})`/), 'hex').toString('base64'));
    const contents: Readonly<Record<string, Uint8Array | null>> = {
      null: null,
      empty: bytes(''),
      '`orders-1`': bytes('orders-1'),
      'as above': value,
    };
    const rows = [...page.matchAll(/^\| `(orders-\w+)` \| (.+?) \| (.+?) \| `([\w-]+)` \|$/gm)];
    expect(rows).toHaveLength(5);
    for (const [row, kid, key = '', said = '', sig] of rows) {
      const signature = readSignature(`v1;alg=${kid === 'orders-ed' ? 'ed25519' : 'hmac-sha256'};kid=${kid};sig=${sig}`);
      const message = { topic, key: contents[key] ?? null, value: contents[said] ?? null };
      expect(signature !== null && isSignedWith(signature.alg === 'ed25519' ? ed25519 : hmac, signature, message), row).toBe(true);
    }
    const first = bytesToSign('hmac-sha256', 'orders-2026', { topic, key: bytes('orders-1'), value });
    expect(createHash('sha256').update(first).digest('hex')).toBe(found(/have the SHA-256 `([0-9a-f]{64})`/));
  });
});
