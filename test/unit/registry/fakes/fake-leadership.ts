import type { Leadership, Term } from '../../../../src/registry/leadership.ts';

/** Leads in the first term, unless a test lets it not. */
export class FakeLeadership implements Leadership {
  leads = true;

  term(): Term | null {
    return this.leads ? 1 : null;
  }
}
