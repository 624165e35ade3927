import { useApp } from '../page/app.ts';
import { useCell } from '../page/use-cell.ts';
import { relative, timeOfDay, wholeTime } from './time.ts';

interface MomentProps {
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** `8 s ago`; the date and time when one points at it. */
export function Ago({ at }: MomentProps) {
  const now = useCell(useApp().clock);
  return (
    <time dateTime={new Date(at).toISOString()} title={wholeTime(at)}>
      {relative(at, now)}
    </time>
  );
}

/** `14:03:22`. */
export function Clock({ at }: MomentProps) {
  const { clock } = useApp();
  return (
    <time dateTime={new Date(at).toISOString()} title={wholeTime(at)}>
      {timeOfDay(at, clock.get())}
    </time>
  );
}
