import { useState } from 'react';
import { Icon } from '../parts/icon.tsx';
import { type Alarm, alarms } from '../status/alarms.ts';
import { useApp } from './app.ts';
import { useCell } from './use-cell.ts';

/** What is wrong, above everything else. */
export function AlarmList() {
  const { link, status, clock, reconnect } = useApp();
  const now = useCell(clock);
  const found = alarms(useCell(link), useCell(status.standing), now);
  const [openId, setOpenId] = useState<string | null>(null);
  if (found.length === 0) return null;
  return (
    <section className="alarms" aria-label="What is wrong">
      {found.map((alarm) => (
        <AlarmLine
          key={alarm.id}
          alarm={alarm}
          isOpen={alarm.level === 'bad' ? openId !== alarm.id : openId === alarm.id}
          toggle={() => setOpenId(openId === alarm.id ? null : alarm.id)}
          retry={reconnect}
        />
      ))}
    </section>
  );
}

interface AlarmLineProps {
  readonly alarm: Alarm;
  readonly isOpen: boolean;
  readonly toggle: () => void;
  readonly retry: () => void;
}

function AlarmLine({ alarm, isOpen, toggle, retry }: AlarmLineProps) {
  return (
    <div className={`alarm alarm-${alarm.level}`}>
      <Icon name={alarm.level === 'bad' ? 'unhealthy' : 'degraded'} />
      <div className="alarm-text">
        <button type="button" className="alarm-title" aria-expanded={isOpen} onClick={toggle}>
          {alarm.title}
        </button>
        {isOpen && (
          <p>
            {alarm.meaning} <span className="alarm-advice">{alarm.advice}</span>
          </p>
        )}
      </div>
      {alarm.isRetryable && (
        <button type="button" className="button" onClick={retry}>
          Try now
        </button>
      )}
    </div>
  );
}
