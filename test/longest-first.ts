import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take half a minute and more, the longest first. */
const LONG = [
  'faults/faults',
  'integration/gateway/kafka-consumer',
  'integration/gateway/shutdown',
  'integration/client/survival',
  'integration/gateway/probing',
  'integration/gateway/snapshot',
  'integration/node',
  'integration/gateway/rolling-restart',
  'integration/gateway/kafka-hangs',
  'integration/try-it',
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
