import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take half a minute and more, the longest first. */
const LONG = [
  'faults/faults',
  'integration/gateway/shutdown',
  'bench/bench',
  'integration/gateway/probing',
  'integration/gateway/kafka-consumer',
  'integration/client/survival',
  'integration/gateway/kafka-hangs',
  'integration/node',
  'browser/views',
  'integration/gateway/snapshot',
  'integration/try-it',
  'browser/nodes',
  'integration/gateway/catalog-mode',
  'integration/gateway/faults',
  'integration/gateway/kafka-pauses',
];

/** Begins with the long files: one that began last would run on alone, while the other workers have nothing left to do. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = LONG.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return index < 0 ? LONG.length : index;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
