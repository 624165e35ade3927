import { useApp } from '../page/app.ts';
import { useCell } from '../page/use-cell.ts';
import { Ago } from '../parts/moment.tsx';
import { inOneUnit } from '../parts/time.ts';
import type { NodeDetail } from './node-question.ts';

/** Heartbeats, load, what its check says, and why it may be left out. */
export function NodeLife({ node }: { readonly node: NodeDetail }) {
  const { cpuPercent, memoryMb, memoryPercent, activeOperations, uptimeSeconds, lastHeartbeatAt, ejection } = node;
  const now = useCell(useApp().clock);
  return (
    <section className="panel-section" aria-label="Health and load">
      <h3>Health and load</h3>
      <div className="gauges">
        <Gauge name="Last heartbeat" value={lastHeartbeatAt === null ? 'never sent' : `${inOneUnit(now - lastHeartbeatAt)} ago`} />
        <Gauge name="Processor" value={cpuPercent === null ? '–' : `${cpuPercent.toFixed(1)} %`} part={cpuPercent} />
        <Gauge name="Memory" value={memoryMb === null ? '–' : `${Math.round(memoryMb)} MB`} part={memoryPercent} />
        <Gauge name="Operations" value={activeOperations === null ? '–' : String(activeOperations)} />
        <Gauge name="Up for" value={uptimeSeconds === null ? '–' : inOneUnit(uptimeSeconds * 1000)} />
      </div>
      <dl className="lines">
        <div>
          <dt>Consul’s check</dt>
          <dd>
            {node.checkStatus === null
              ? 'nothing known yet'
              : node.checkStatus === 'NONE'
                ? 'none: heartbeats count'
                : node.checkStatus.toLowerCase()}
            {node.checkOutput !== null && node.checkOutput !== '' && <pre className="code-block check-output">{node.checkOutput}</pre>}
          </dd>
        </div>
        <div>
          <dt>Its own words</dt>
          <dd>{node.reportedHealth ?? 'never said'}</dd>
        </div>
        {ejection !== null && (
          <div>
            <dt>Left out</dt>
            <dd>
              <strong className="bad">
                since <Ago at={ejection.since} />
              </strong>
              , by this gateway’s own probes: {ejection.error}. {ejection.failures} failed in a row; {ejection.successesNeeded} must pass.
              {ejection.retryAt === null ? ' It is probed again when somebody asks for it.' : ''}
            </dd>
          </div>
        )}
      </dl>
    </section>
  );
}

interface GaugeProps {
  readonly name: string;
  readonly value: string;
  /** Percent; null or absent: no bar. */
  readonly part?: number | null;
}

function Gauge({ name, value, part = null }: GaugeProps) {
  return (
    <div className="gauge">
      <span className="gauge-name">{name}</span>
      <span className="gauge-value">{value}</span>
      {part !== null && (
        <span className="gauge-bar">
          <span style={{ width: `${Math.min(100, Math.max(0, part))}%` }} />
        </span>
      )}
    </div>
  );
}
