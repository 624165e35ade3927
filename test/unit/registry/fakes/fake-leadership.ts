import type { Leadership } from '../../../../src/registry/leadership.ts';

export class FakeLeadership implements Leadership {
  leads = true;

  isLeader(): boolean {
    return this.leads;
  }
}
