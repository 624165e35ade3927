import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { operationsOf } from '../../../src/node/operations.ts';

class Base extends EventEmitter {
  inherited() {}
  start() {}
  stop() {}
}

class Adapter extends Base {
  readonly pool = 4;
  readonly asField = () => undefined;
  static create() {}
  executeQuery() {}
  async insertRow() {}
  override inherited() {}
  _internal() {}
  #hidden() {}
  get expensive(): () => void {
    throw new Error('an accessor was called');
  }
  use() {
    this.#hidden();
  }
}

it('should list the public methods of an object and its classes, without lifecycle, accessors and EventEmitter', () => {
  expect(operationsOf(new Adapter())).toEqual(['asField', 'executeQuery', 'inherited', 'insertRow', 'use']);
});

it('should list the functions of a plain object', () => {
  expect(operationsOf({ query: () => 1, limit: 3 })).toEqual(['query']);
  expect(operationsOf(Object.create(null))).toEqual([]);
});
