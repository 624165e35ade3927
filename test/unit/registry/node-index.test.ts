import { expect, it } from 'vitest';
import { NodeIndex } from '../../../src/registry/node-index.ts';
import { record } from './fakes/node-record.ts';

const byCapability = () => new NodeIndex((node) => node.capabilities);

it('should find nodes by a name in any spelling', () => {
  const index = byCapability();
  index.add(record('a', { capabilities: ['Image_Resize'] }));
  index.add(record('b', { capabilities: ['image-resize', 'other'] }));
  expect([...index.get('IMAGE-RESIZE')]).toEqual(['a', 'b']);
  expect([...index.get('image_resize_2')]).toEqual([]);
});

it('should forget a removed node under all of its names, and nobody else', () => {
  const index = byCapability();
  const leaving = record('a', { capabilities: ['one', 'two'] });
  index.add(leaving);
  index.add(record('b', { capabilities: ['two'] }));
  index.remove(leaving);
  expect([...index.get('one')]).toEqual([]);
  expect([...index.get('two')]).toEqual(['b']);
});

it('should hold a node once where two of its names are one', () => {
  const index = byCapability();
  const node = record('a', { capabilities: ['a-b', 'a_b'] });
  index.add(node);
  expect([...index.get('a-b')]).toEqual(['a']);
  index.remove(node);
  expect([...index.get('a-b')]).toEqual([]);
});

it('should take the removal of a node that it never had', () => {
  const index = byCapability();
  index.remove(record('a'));
  expect([...index.get('database.query')]).toEqual([]);
});

it('should hold a node that is added twice once, beside others and alone', () => {
  const index = byCapability();
  const [a, b] = [record('a', { capabilities: ['one'] }), record('b', { capabilities: ['one'] })];
  for (const node of [a, a, b, b, a]) index.add(node);
  expect([...index.get('one')]).toEqual(['a', 'b']);
  index.remove(a);
  index.remove(record('c', { capabilities: ['one'] }));
  expect([...index.get('one')]).toEqual(['b']);
  index.remove(b);
  expect([[...index.get('one')], [...index.names()]]).toEqual([[], []]);
});
