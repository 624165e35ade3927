import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { connectionOf } from '../../../src/cli/connection.ts';

it('should ask this machine unless told otherwise, whatever part of the address is given', () => {
  expect(connectionOf(undefined, {})).toEqual({ base: 'http://127.0.0.1:8080', token: null });
  expect(connectionOf(undefined, { DGW_URL: 'https://gateway.example/graphql' }).base).toBe('https://gateway.example');
  expect(connectionOf('http://other:1/', { DGW_URL: 'http://x' }).base).toBe('http://other:1');
  expect(connectionOf('https://proxy.example/registry/graphql/', {}).base).toBe('https://proxy.example/registry');
});

it('should read the token from a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dgw-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'token');
  await writeFile(path, 'only-for-a-trial\n');
  expect(connectionOf(undefined, { DGW_TOKEN_FILE: path }).token).toBe('only-for-a-trial');
  await writeFile(path, '\n');
  expect(() => connectionOf(undefined, { DGW_TOKEN_FILE: path })).toThrow('holds no token');
  expect(() => connectionOf(undefined, { DGW_TOKEN_FILE: join(folder, 'none') })).toThrow('DGW_TOKEN_FILE cannot be read: ENOENT');
});

it('should refuse what cannot be meant, without telling the token', () => {
  expect(() => connectionOf(undefined, { DGW_TOKEN: 'a', DGW_TOKEN_FILE: 'b' })).toThrow('both set');
  expect(() => connectionOf(undefined, { DGW_TOKEN: 'two words' })).toThrow(/^DGW_TOKEN holds no token: it is empty, or has blanks/);
});
