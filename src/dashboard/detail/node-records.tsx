import { useEffect, useRef } from 'react';
import type { Fault } from '../gateway/fault.ts';
import { useAsked } from '../page/use-asked.ts';
import { Icon } from '../parts/icon.tsx';
import { FaultNotice, Skeleton } from '../parts/notice.tsx';
import type { NodeDetail } from './node-question.ts';
import { type RecordRow, recordRows } from './record-rows.ts';
import { RECORDS } from './records-question.ts';

/** Milliseconds: both back ends are read for it. */
const EVERY = 5000;

/** What it announced, what Postgres holds and what Consul says, with differences marked. */
export function NodeRecords({ node }: { readonly node: NodeDetail }) {
  const { answer, faults, fault, again } = useAsked(RECORDS, { nodeId: node.nodeId }, EVERY);
  const asked = useRef(node.cursor);
  useEffect(() => {
    if (asked.current === node.cursor) return;
    asked.current = node.cursor;
    again();
  }, [again, node.cursor]);
  const records = answer?.nodeById?.records;
  const differences = records?.differences ?? [];
  const postgresFault = faults.get('nodeById.records.postgres');
  const consulFault = faults.get('nodeById.records.consul');
  return (
    <section className="panel-section" aria-label="Side by side">
      <h3>
        Side by side
        {records !== undefined && <Verdict count={differences.length} isKnown={records.differences !== null} />}
      </h3>
      {fault !== null && records === undefined && <FaultNotice fault={fault} what="What the back ends hold" again={again} />}
      {fault === null && records === undefined && <Skeleton lines={5} />}
      {records !== undefined && (
        <table className="records">
          <thead>
            <tr>
              <th scope="col">
                <span className="hidden">What</span>
              </th>
              <th scope="col">Announced</th>
              <th scope="col">Postgres{noteOf(records.postgres === null, postgresFault)}</th>
              <th scope="col">Consul{noteOf(records.consul === null, consulFault)}</th>
            </tr>
          </thead>
          <tbody>
            {recordRows(node, records.postgres, records.consul, differences).map((row) => (
              <Row key={row.name} row={row} />
            ))}
          </tbody>
        </table>
      )}
      {[postgresFault, consulFault].map(
        (one) =>
          one !== undefined && (
            <p key={one.message} className="bad small">
              {one.message}
            </p>
          ),
      )}
    </section>
  );
}

function Row({ row: { name, announced, postgres, consul, isDifferent } }: { readonly row: RecordRow }) {
  return (
    <tr className={isDifferent ? 'is-different' : undefined}>
      <th scope="row">
        {isDifferent && <Icon name="degraded" />} {name}
        {isDifferent && <span className="hidden"> differs</span>}
      </th>
      {[announced, postgres, consul].map((value, index) => (
        <td key={['announced', 'postgres', 'consul'][index]}>{value ?? <span className="dim">–</span>}</td>
      ))}
    </tr>
  );
}

function Verdict({ count, isKnown }: { readonly count: number; readonly isKnown: boolean }) {
  if (!isKnown) return <span className="badge badge-dim">not to be compared now</span>;
  if (count > 0) return <span className="badge badge-warn">{count === 1 ? '1 difference' : `${count} differences`}</span>;
  return (
    <span className="badge badge-good">
      <Icon name="check" />
      they agree
    </span>
  );
}

function noteOf(isNone: boolean, fault: Fault | undefined): string {
  if (fault !== undefined) return ': no answer';
  return isNone ? ': holds none' : '';
}
